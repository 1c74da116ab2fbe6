import { mkdirSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { launched } from './as-user.js';
import { type Component, TIER } from './component.js';
import { edgeProblemsConfig } from './edge-problems.js';
import { numbers, type Plan } from './plan.js';
import { fillTemplate } from './template.js';

/** Per address; everybody here has the same one, so these are not met by accident. */
const EDGE_LIMITS = { TOKENLESS_PER_SECOND: 5_000, TOKENLESS_BURST: 5_000, REQUESTS_PER_ADDRESS: 3_000 };

export const edgeComponents = (plan: Plan): Component[] => [
  {
    name: 'edge',
    role: 'edge',
    tier: TIER.edge,
    argv: launched(['nginx', '-c', plan.layout.path('config', 'nginx.conf'), '-e', 'stderr']),
    port: plan.ports.edge,
    url: plan.baseUrl,
    // Graceful: requests under way are answered.
    stopSignal: 'QUIT',
    stopWaitSeconds: 25,
  },
];

export function writeEdgeConfig(plan: Plan): void {
  const runDir = plan.layout.path('run', 'nginx');
  const problems = plan.layout.path('config', 'nginx-problems.conf');
  const upstreams = plan.layout.path('config', 'nginx-upstreams.conf');
  mkdirSync(runDir, { recursive: true, mode: 0o700 });
  writeFileSync(problems, edgeProblemsConfig());
  writeFileSync(
    upstreams,
    [upstream(plan, 'gateway', plan.counts.gateways), upstream(plan, 'reader', plan.counts.readers)].join(
      '\n',
    ),
  );
  const text = fillTemplate('edge/nginx.conf', {
    // Root's workers would become `nobody`, who may be unable to enter the stack's folder.
    USER_DIRECTIVE: process.getuid?.() === 0 ? 'user root;' : '',
    RUN_DIR: runDir,
    LISTEN_DIRECTIVES: listenAddresses()
      .map((address) => `listen ${address}:${plan.ports.edge} backlog=1024;`)
      .join(' '),
    UPSTREAMS_FILE: upstreams,
    PROBLEMS_FILE: problems,
    ...EDGE_LIMITS,
  });
  writeFileSync(plan.layout.path('config', 'nginx.conf'), text);
}

/** Both loopback addresses where there are two, since `localhost` may mean either. */
function listenAddresses(): string[] {
  const loopback = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return ['127.0.0.1', ...(loopback.some((a) => a.address === '::1') ? ['[::1]'] : [])];
}

/**
 * No server is ever taken out: a refused connection costs nothing and goes to the next one, while taking a slow
 * one out beside a dead one would leave none.
 * nginx wants one server at least: without any instance it is the first one's address, where nobody answers (502).
 */
function upstream(plan: Plan, app: 'gateway' | 'reader', count: number): string {
  const servers = numbers(Math.max(count, 1)).map(
    (n) => `  server 127.0.0.1:${plan.ports.http(app, n)} max_fails=0;`,
  );
  return [
    `upstream ${app}s {`,
    `  zone ${app}s 64k;`,
    ...servers,
    '  keepalive 128;',
    '  keepalive_timeout 30s;',
    '}',
    '',
  ].join('\n');
}
