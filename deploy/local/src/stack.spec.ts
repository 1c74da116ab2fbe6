import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openLayout, type Layout } from './layout.js';
import { makePlan, type Plan } from './plan.js';
import { stackComponents, writeStackConfig } from './stack.js';

describe('the configuration of a stack', () => {
  let dir: string;
  let layout: Layout;
  let plan: Plan;

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'spillway-spec-'));
    layout = openLayout({ SPILLWAY_STACK_DIR: dir });
    plan = makePlan(layout, { gateways: 2, writers: 1, readers: 2, replicas: 2, offset: 20_000 });
    writeStackConfig(plan);
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  const environment = (name: string): Map<string, string> =>
    new Map(
      readFileSync(layout.path('env', `${name}.env`), 'utf8')
        .trim()
        .split('\n')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 2, -1)]),
    );

  it('gives every process a program, an address and a name of its own', () => {
    const components = stackComponents(plan);
    for (const key of ['name', 'port', 'url'] as const) {
      expect(new Set(components.map((component) => component[key])).size).toBe(components.length);
    }
    const programs = readdirSync(layout.path('config', 'programs'));
    expect(programs.sort()).toEqual(
      [...components.map(({ name }) => `${name}.conf`), 'stack-watch.conf'].sort(),
    );
  });

  it('lets nobody who answers clients wait behind who commits or watches', () => {
    const backOf = (role: string): Set<string> =>
      new Set(
        stackComponents(plan)
          .filter((component) => component.role === role)
          .map(({ argv }) => (argv.includes('nice') ? (argv[argv.indexOf('nice') + 2] ?? '') : '0')),
      );
    for (const role of ['gateway', 'reader', 'edge', 'rabbitmq', 'postgres-primary', 'redis', 'pgbouncer'])
      expect([role, backOf(role)]).toEqual([role, new Set(['0'])]);
    expect(backOf('writer')).toEqual(new Set(['5']));
    for (const role of ['prometheus', 'traces', 'exporter'])
      expect([role, backOf(role)]).toEqual([role, new Set(['10'])]);
  });

  it('tells every app of every database node, through its PgBouncer', () => {
    for (const [name, role] of [
      ['writer-1', 'writer'],
      ['reader-2', 'reader'],
    ] as const) {
      const nodes = environment(name).get('DATABASE_NODES') ?? '';
      expect(nodes).toMatch(/^s0=/);
      const urls = nodes
        .slice(3)
        .split('|')
        .map((node) => new URL(node));
      expect(urls.map(({ port }) => Number(port))).toEqual([0, 1, 2].map((n) => plan.ports.pgbouncer(n)));
      expect(new Set(urls.map(({ username }) => username))).toEqual(new Set([role]));
    }
  });

  it('keeps the gateway away from databases, and the private key with the cli alone', () => {
    expect([...environment('gateway-1').keys()].filter((key) => key.startsWith('DATABASE'))).toEqual([]);
    for (const name of ['gateway-1', 'writer-1', 'reader-1']) {
      expect([...environment(name).values()].join('\n')).not.toContain('private.jwk');
    }
    expect(environment('cli').get('TOKEN_PRIVATE_KEY_FILE')).toContain('private.jwk');
  });

  it('has an exporter for every Postgres node, and the targets of Prometheus', () => {
    const names = stackComponents(plan).flatMap(({ name, role }) => (role === 'exporter' ? [name] : []));
    const nodes = ['primary', 'replica-1', 'replica-2'];
    expect(names).toEqual([
      ...nodes.map((node) => `exporter-postgres-${node}`),
      ...['exporter-pgbouncer', 'exporter-redis', 'exporter-node'],
    ]);
    for (const kind of ['postgres', 'pgbouncer']) {
      const targets = JSON.parse(
        readFileSync(layout.path('config', 'targets', `${kind}.json`), 'utf8'),
      ) as readonly { readonly labels: { readonly instance: string } }[];
      expect(targets.map(({ labels }) => labels.instance)).toEqual(nodes.map((node) => `${kind}-${node}`));
    }
  });

  it('puts no password on a command line', () => {
    const lines = stackComponents(plan).map(({ argv }) => argv.join(' '));
    for (const password of Object.values(plan.secrets.passwords))
      expect(lines.filter((line) => line.includes(password))).toEqual([]);
  });

  it('leaves nothing that holds a secret readable for others', () => {
    const files = [
      'secrets.json',
      'keys/private.jwk',
      'env/gateway-1.env',
      'env/cli.env',
      'config/redis.conf',
    ];
    for (const file of files) expect(statSync(layout.path(file)).mode & 0o077).toBe(0);
  });

  it('says the same when it is made again', () => {
    const before = readFileSync(layout.path('env', 'reader-1.env'), 'utf8');
    writeStackConfig(makePlan(layout, { gateways: 2, writers: 1, readers: 2, replicas: 2, offset: 20_000 }));
    expect(readFileSync(layout.path('env', 'reader-1.env'), 'utf8')).toBe(before);
  });
});
