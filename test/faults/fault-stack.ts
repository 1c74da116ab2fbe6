import { join } from 'node:path';
import { readStack, type Stack } from '@spillway/testing';
import { launcher, REPO } from '../stack/launcher.js';

const dir = '.local/faults';
export const REPORT_DIR = join(REPO, '.local', 'faults-report');

const SIZE = ['--gateways', '2', '--writers', '2', '--readers', '1', '--replicas', '1'] as const;

/** Starts a stack of its own, on ports of its own, with nothing in it. */
export async function startFaultStack(log: (line: string) => void, signal: AbortSignal): Promise<Stack> {
  await launcher({ dir, args: ['stop'], log }).catch(() => undefined);
  await launcher({ dir, args: ['reset'], log }).catch(() => undefined);
  signal.throwIfAborted();
  await launcher({ dir, args: ['start', '--detach', '--free-ports', ...SIZE], log, signal });
  return readStack(join(REPO, dir, 'stack.json'));
}

export const stopFaultStack = (log: (line: string) => void): Promise<void> =>
  launcher({ dir, args: ['stop'], log });
