import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readStack, type Stack } from '@spillway/testing';
import { Components } from '../faults/components.js';
import { launcher, REPO } from '../stack/launcher.js';

const dir = '.local/bench-stack';
export const OUTPUT_DIR = join(REPO, '.local', 'bench');

const SIZE = ['--writers', '2', '--readers', '1', '--replicas', '1'] as const;
const BEHIND = ['writer-1', 'writer-2', 'reader-1'] as const;
/** One trace in a hundred is kept, as in production. */
const TRACED = '0.01';

/** The stack that is measured: one gateway as a rule, one writer (a second one waits, stopped), one replica. */
export interface BenchStack {
  readonly stack: Stack;
  readonly components: Components;
}

export interface BenchStackOptions {
  /** Environment of the apps besides. */
  readonly settings: Readonly<Record<string, string>>;
  /** Of each gateway, what differs from that. */
  readonly gateways: readonly Readonly<Record<string, string>>[];
}

/** Starts a stack of its own with nothing in it. */
export async function startBenchStack(
  { settings, gateways }: BenchStackOptions,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<BenchStack> {
  await stopBenchStack().catch(() => undefined);
  await launcher({ dir, args: ['reset'], log }).catch(() => undefined);
  signal.throwIfAborted();
  const size = ['--gateways', String(gateways.length), ...SIZE];
  await launcher({ dir, args: ['start', '--detach', '--free-ports', ...size], log, signal });
  const stack = readStack(join(REPO, dir, 'stack.json'));
  const components = new Components(stack);
  const apps = new Map<string, Readonly<Record<string, string>>>([
    ...BEHIND.map((app) => [app, {}] as const),
    ...gateways.map((own, n) => [`gateway-${n + 1}`, own] as const),
  ]);
  for (const [app, own] of apps)
    configure(stack.dir, app, { OTEL_TRACES_SAMPLER_ARG: TRACED, ...settings, ...own });
  await Promise.all([...apps.keys()].map((app) => components.bounce(app)));
  await components.supervisor('stop', 'writer-2');
  return { stack, components };
}

export const stopBenchStack = (): Promise<void> => launcher({ dir, args: ['stop'], log: () => undefined });

/** Changes settings of a process; they hold from its next start. */
function configure(stackDir: string, name: string, settings: Readonly<Record<string, string>>): void {
  const file = join(stackDir, 'env', `${name}.env`);
  const others = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !(line.slice(0, line.indexOf('=')) in settings));
  const own = Object.entries(settings).map(([key, value]) => `${key}='${value}'`);
  writeFileSync(file, [...others, ...own, ''].join('\n'), { mode: 0o600 });
}
