import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Layout } from './layout.js';
import { say } from './shell.js';
import { readExits } from './stack-file.js';
import { until } from './until.js';

const EXITS_MAX = 4;
const TAIL_LINES = 15;
const TAIL_BYTES = 16_384;

/** What a phase waits for, and the processes whose failing means that waiting is in vain. */
export interface Phase {
  readonly name: string;
  readonly deadlineMs: number;
  readonly processes?: readonly string[];
}

/**
 * Runs one phase of a start under a named deadline.
 * @throws Error that names the phase and ends with the last lines of the log of the process that failed.
 */
export async function phase(
  layout: Layout,
  signal: AbortSignal,
  { name, deadlineMs, processes = [] }: Phase,
  work: (wait: Wait) => Promise<void>,
): Promise<void> {
  const began = Date.now();
  const guard = (): void => {
    const exits = readExits(layout);
    const failing = processes.find((process) => (exits[process] ?? 0) >= EXITS_MAX);
    if (failing) throw new Error(`${failing} ends again and again.`);
  };
  const wait: Wait = (what, probe) =>
    until(what, { deadlineMs: Math.max(began + deadlineMs - Date.now(), 0), signal, guard }, probe);
  try {
    await work(wait);
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    const named = processes.filter((process) => reason.includes(process));
    throw new Error(
      [`${name} failed: ${reason}`, ...named.map((process) => logTail(layout, process))].join('\n'),
      { cause: error },
    );
  }
  signal.throwIfAborted();
  say(`  ${name}: ready (${((Date.now() - began) / 1000).toFixed(1)} s)`);
}

export type Wait = (what: string, probe: () => Promise<unknown>) => Promise<void>;

/** The last lines a process wrote, with the place of the rest. */
export function logTail(layout: Layout, name: string): string {
  const file = layout.path('log', `${name}.log`);
  if (!existsSync(file)) return `  (${name} wrote no log)`;
  const handle = openSync(file, 'r');
  const buffer = Buffer.alloc(TAIL_BYTES);
  const read = readSync(handle, buffer, 0, TAIL_BYTES, Math.max(fstatSync(handle).size - TAIL_BYTES, 0));
  closeSync(handle);
  const lines = buffer.subarray(0, read).toString().trim().split('\n').slice(-TAIL_LINES);
  return [`  last lines of ${file}:`, ...lines.map((line) => `    ${line}`)].join('\n');
}
