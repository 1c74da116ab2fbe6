import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';

const root = join(import.meta.dirname, '..', '..');
const NX = '@nx/enforce-module-boundaries';
const OWNED = 'no-restricted-imports';

interface Probe {
  readonly file: string;
  readonly code: string;
  /** The rule that must complain; null when nothing may. */
  readonly rule: string | null;
}

const uses = (from: string): string => `import * as x from '${from}';\nexport const y = typeof x;\n`;

const PROBES: Readonly<Record<string, Probe>> = {
  'the reader has no broker': {
    file: 'apps/reader/src/main.ts',
    code: uses('@spillway/messaging'),
    rule: NX,
  },
  'the gateway has no database': {
    file: 'apps/gateway/src/main.ts',
    code: uses('@spillway/database'),
    rule: NX,
  },
  'the writer has no auth': { file: 'apps/writer/src/main.ts', code: uses('@spillway/auth'), rule: NX },
  'contracts import nothing of ours': {
    file: 'libs/contracts/src/index.ts',
    code: uses('@spillway/config'),
    rule: NX,
  },
  'cache and messaging do not know each other': {
    file: 'libs/cache/src/index.ts',
    code: uses('@spillway/messaging'),
    rule: NX,
  },
  'testing imports nothing of ours': {
    file: 'libs/testing/src/index.ts',
    code: uses('@spillway/contracts'),
    rule: NX,
  },
  'tests never import an app': { file: 'test/index.ts', code: uses('../apps/writer/src/main.js'), rule: NX },
  'the launcher never imports an app': {
    file: 'deploy/local/src/main.ts',
    code: uses('../../../apps/writer/src/main.js'),
    rule: NX,
  },
  'nobody imports past the door of a lib': {
    file: 'apps/gateway/src/main.ts',
    code: uses('../../../libs/contracts/src/ids.js'),
    rule: NX,
  },
  'an app never imports another app': {
    file: 'apps/gateway/src/main.ts',
    code: uses('../../reader/src/main.js'),
    rule: NX,
  },
  'nor what it was built into': {
    file: 'apps/gateway/src/main.ts',
    code: uses('@spillway/reader/dist/main.js'),
    rule: NX,
  },
  'the reader sees only the read-only door of the database': {
    file: 'apps/reader/src/main.ts',
    code: uses('@spillway/database'),
    rule: OWNED,
  },
  'ioredis belongs to cache': { file: 'libs/auth/src/index.ts', code: uses('ioredis'), rule: OWNED },
  'ajv belongs to http': { file: 'libs/auth/src/index.ts', code: uses('ajv'), rule: OWNED },
  'pg belongs to database': { file: 'apps/gateway/src/main.ts', code: uses('pg'), rule: OWNED },
  'amqplib belongs to messaging': { file: 'apps/writer/src/main.ts', code: uses('amqplib'), rule: OWNED },
  'the OpenTelemetry SDK belongs to telemetry': {
    file: 'apps/writer/src/main.ts',
    code: uses('@opentelemetry/sdk-node'),
    rule: OWNED,
  },
  'the environment is read by config': {
    file: 'apps/gateway/src/main.ts',
    code: `export const port = process.env['HTTP_PORT'];\n`,
    rule: 'no-restricted-properties',
  },
  'not even by another way of writing it': {
    file: 'apps/gateway/src/main.ts',
    code: `export const { env } = process;\n`,
    rule: 'no-restricted-properties',
  },
  'an app may import the libs it joins': {
    file: 'apps/gateway/src/main.ts',
    code: uses('@spillway/messaging') + uses('@spillway/contracts').replaceAll(/\b[xy]\b/g, '$&2'),
    rule: null,
  },
  'the reader may use the read-only door': {
    file: 'apps/reader/src/main.ts',
    code: uses('@spillway/database/read'),
    rule: null,
  },
  'a spec may use an owned package': {
    file: 'libs/testing/src/token.spec.ts',
    code: uses('pg'),
    rule: null,
  },
};

interface Answer {
  readonly rules: readonly (string | null)[];
  readonly messages: readonly string[];
}

describe('the import table', () => {
  let edges: ReadonlyMap<string, readonly string[]>;
  let answers: ReadonlyMap<string, Answer>;

  beforeAll(() => {
    // The rule of Nx silently skips itself without a project graph: make it first.
    edges = projectGraph();
    const probes = Object.values(PROBES).map(({ file, code }) => ({ file: join(root, file), code }));
    const run = spawnSync(process.execPath, [join(import.meta.dirname, 'lint-probes.ts')], {
      cwd: root,
      input: JSON.stringify(probes),
      encoding: 'utf8',
      // One file is linted with many texts; under CI the parser would take each from the disk instead.
      env: { ...process.env, NX_DAEMON: 'false', TSESTREE_SINGLE_RUN: 'false' },
      timeout: 100_000,
    });
    if (run.status !== 0) throw new Error(`The probes were not linted: ${run.stderr}`);
    expect(run.stderr).not.toContain('The rule will be skipped');
    const found = JSON.parse(run.stdout) as readonly Answer[];
    answers = new Map(Object.keys(PROBES).map((name, i) => [name, found[i] ?? { rules: [], messages: [] }]));
  }, 120_000);

  it.each(Object.entries(PROBES))('%s', (name, { rule }) => {
    const answer = answers.get(name);
    if (rule === null) expect(answer).toEqual({ rules: [], messages: [] });
    else expect(answer?.rules).toContain(rule);
  });

  it.each(['gateway', 'writer', 'reader', 'cli'])('the app %s has no door to be imported by', (app) => {
    const manifest = JSON.parse(readFileSync(join(root, 'apps', app, 'package.json'), 'utf8')) as object;
    expect(Object.keys(manifest)).not.toEqual(expect.arrayContaining(['exports']));
    expect(Object.keys(manifest)).not.toEqual(expect.arrayContaining(['main']));
  });

  it('has no cycle between projects', () => {
    expect(edges.size).toBeGreaterThan(10);
    expect(findCycle(edges)).toEqual([]);
  });

  it('would find one', () => {
    const cyclic = new Map([
      ['a', ['b']],
      ['b', ['c', 'd']],
      ['c', []],
      ['d', ['a']],
    ]);
    expect(findCycle(cyclic)).toEqual(['a', 'b', 'd', 'a']);
  });
});

/** Our projects and what each depends on, as Nx sees them; makes Nx's cached graph as well. */
function projectGraph(): ReadonlyMap<string, readonly string[]> {
  const dir = mkdtempSync(join(tmpdir(), 'graph-'));
  try {
    const file = join(dir, 'graph.json');
    const nx = join(root, 'node_modules', 'nx', 'dist', 'bin', 'nx.js');
    const run = spawnSync(process.execPath, [nx, 'graph', `--file=${file}`], {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, NX_DAEMON: 'false' },
      timeout: 60_000,
    });
    if (run.status !== 0) throw new Error(`Nx made no graph: ${run.stderr || run.stdout}`);
    const { graph } = JSON.parse(readFileSync(file, 'utf8')) as {
      graph: { nodes: object; dependencies: Record<string, { target: string }[]> };
    };
    const ours = Object.keys(graph.nodes);
    return new Map(
      ours.map((name) => [
        name,
        (graph.dependencies[name] ?? []).map((d) => d.target).filter((t) => ours.includes(t)),
      ]),
    );
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** The first cycle as a path that returns to its start; empty when there is none. */
function findCycle(edges: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const done = new Set<string>();
  const visit = (node: string, path: readonly string[]): readonly string[] => {
    const seen = path.indexOf(node);
    if (seen >= 0) return [...path.slice(seen), node];
    if (done.has(node)) return [];
    done.add(node);
    for (const next of edges.get(node) ?? []) {
      const cycle = visit(next, [...path, node]);
      if (cycle.length > 0) return cycle;
    }
    return [];
  };
  for (const node of edges.keys()) {
    const cycle = visit(node, []);
    if (cycle.length > 0) return cycle;
  }
  return [];
}
