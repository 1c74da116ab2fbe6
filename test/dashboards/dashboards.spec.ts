import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DASHBOARDS, expressionsOf, readDashboards } from './dashboard-files.js';

describe('the dashboards', () => {
  const dashboards = readDashboards();
  let made: string;

  beforeAll(() => {
    made = mkdtempSync(join(tmpdir(), 'spillway-dashboards-'));
    const run = spawnSync(process.execPath, [join(DASHBOARDS, 'dist/render.js'), made], { encoding: 'utf8' });
    expect(run.stderr).toBe('');
  });
  afterAll(() => rmSync(made, { recursive: true, force: true }));

  it('are Posts, Reads, Dependencies and Fleet', () =>
    expect(dashboards.map(({ title }) => title).sort()).toEqual(['Dependencies', 'Fleet', 'Posts', 'Reads']));

  it('are what the code makes; if not, run npm run dashboards and commit the files', () => {
    const files = dashboards.map(({ file }) => file);
    expect(readdirSync(made).sort()).toEqual(files);
    for (const file of files)
      expect(readFileSync(join(DASHBOARDS, file), 'utf8')).toBe(readFileSync(join(made, file), 'utf8'));
  });

  it('have names and numbers of their own, and tell what to look for', () => {
    expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(dashboards.length);
    for (const { panels } of dashboards) {
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
      for (const panel of panels.filter(({ type }) => type !== 'row')) {
        expect([panel.title, (panel.description ?? '').length > 0]).toEqual([panel.title, true]);
        expect([panel.title, panel.targets?.length ?? 0]).not.toEqual([panel.title, 0]);
      }
    }
  });

  it('ask nothing by tenant or author', () => {
    const all = dashboards.flatMap(expressionsOf).map(([, expr]) => expr);
    expect(all.filter((expr) => /tenant|author|\bsub\b/i.test(expr))).toEqual([]);
  });
});
