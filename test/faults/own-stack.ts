import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readStack, type Stack } from '@spillway/testing';
import { Components } from './components.js';
import { launcher, REPO } from '../stack/launcher.js';

export const REPORT_DIR = join(REPO, '.local', 'faults-report');

/** A stack that belongs to one command: its folder, relative to the repository, and what it is made of. */
export interface OwnStack {
  readonly dir: string;
  readonly size: readonly string[];
}

export const FAULT_STACK: OwnStack = {
  dir: '.local/faults',
  size: ['--gateways', '2', '--writers', '2', '--readers', '1', '--replicas', '1'],
};

/** Starts a stack of its own, on ports of its own, with nothing in it; or finds the one that was kept. */
export async function startOwnStack(
  { dir, size }: OwnStack,
  log: (line: string) => void,
  signal: AbortSignal,
  keep: boolean,
): Promise<Stack> {
  const file = join(REPO, dir, 'stack.json');
  if (keep && existsSync(file)) return withTheseBuilds(readStack(file));
  await launcher({ dir, args: ['stop'], log }).catch(() => undefined);
  await launcher({ dir, args: ['reset'], log }).catch(() => undefined);
  signal.throwIfAborted();
  await launcher({ dir, args: ['start', '--detach', '--free-ports', ...size], log, signal });
  return readStack(file);
}

/** The code may have changed since a kept stack was started. */
async function withTheseBuilds(stack: Stack): Promise<Stack> {
  const components = new Components(stack);
  for (const role of ['writer', 'reader', 'gateway'] as const) await components.bounceAll(role);
  return stack;
}

export const stopOwnStack = ({ dir }: OwnStack): Promise<void> =>
  launcher({ dir, args: ['stop'], log: () => undefined });
