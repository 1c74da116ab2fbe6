import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const ROOT = join(import.meta.dirname, '../..');

/** What the compiled processes say they read. */
function rendered(): string {
  const run = spawnSync(process.execPath, [join(import.meta.dirname, 'render.ts')], {
    encoding: 'utf8',
    timeout: 170_000,
  });
  if (run.status !== 0) throw new Error(run.stderr);
  return run.stdout;
}

describe('.env.example', () => {
  const kept = readFileSync(join(ROOT, '.env.example'), 'utf8');

  it('is what the processes read; if not, run npm run env-example and commit the file', () => {
    expect(kept).toBe(rendered());
  }, 180_000);

  it('holds no secret', () => {
    const filled = [...kept.matchAll(/^([A-Z_]*(?:KEYS|URL|URLS|NODES))=(.+)$/gm)].map(([line]) => line);
    expect(filled).toEqual([]);
  });
});
