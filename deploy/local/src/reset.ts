import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { leftProcesses } from './left-processes.js';
import type { Layout } from './layout.js';
import { say } from './shell.js';
import { processStates } from './supervisor.js';

const KEPT_BY_STACK = [
  'run',
  'log',
  'env',
  'keys',
  'config',
  'data',
  'secrets.json',
  'plan.json',
  'stack.json',
];

/** `npm run reset`: throws away data, logs and secrets. @throws Error, with nothing removed, while the stack runs. */
export async function reset(layout: Layout): Promise<void> {
  if ((await processStates(layout)) !== null || leftProcesses(layout.dir).length > 0) {
    throw new Error('The stack is running, so nothing was removed. Stop it with npm stop first.');
  }
  // A socket that found no room below the stack's folder has one of its own.
  if (!layout.socket.startsWith(layout.dir)) rmSync(dirname(layout.socket), { recursive: true, force: true });
  for (const name of KEPT_BY_STACK) rmSync(layout.path(name), { recursive: true, force: true });
  say(`Removed the data of the stack in ${layout.dir}.`);
}
