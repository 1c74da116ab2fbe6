/** Prints the AsyncAPI document, or with `--write` replaces `docs/asyncapi.yaml`, by asking the compiled library. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { stringify } from 'yaml';

const ROOT = join(import.meta.dirname, '../..');
const { status, stdout, stderr } = spawnSync(
  process.execPath,
  [join(ROOT, 'libs/messaging/dist/asyncapi.js')],
  {
    encoding: 'utf8',
    timeout: 60_000,
  },
);
if (status !== 0) throw new Error(`libs/messaging did not describe itself: ${stderr.slice(0, 1000)}`);
const text = `# Generated from the code: npm run openapi.\n${stringify(JSON.parse(stdout), { lineWidth: 110, aliasDuplicateObjects: false })}`;
if (process.argv.includes('--write')) {
  const file = join(ROOT, 'docs/asyncapi.yaml');
  writeFileSync(file, text);
  process.stderr.write(`Wrote ${relative(process.cwd(), file)}\n`);
} else {
  process.stdout.write(text);
}
