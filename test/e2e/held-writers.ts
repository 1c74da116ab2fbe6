import { hash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, beforeEach } from '@jest/globals';
import { eventually, readStack, type Stack } from '@spillway/testing';

/** Longer than any test may take. */
const TURN_DEADLINE_MS = 90_000;

/** In a spec file: no test of another file that says so runs while one of this file does. */
export function takeTurnsWithTheWriters(): void {
  let done: () => Promise<unknown> = () => Promise.resolve();
  beforeEach(async () => {
    // An abstract socket: it ends with its process, however that ends.
    const name = `\0spillway-writers-${hash('sha256', readStack().dir).slice(0, 16)}`;
    done = await eventually(
      'no other spec needs the writers',
      async () => {
        const turn = createServer().listen(name);
        await once(turn, 'listening');
        return async () => once(turn.close(), 'close');
      },
      { deadlineMs: TURN_DEADLINE_MS },
    );
  }, TURN_DEADLINE_MS);
  afterEach(() => done());
}

/** Runs `during` while no writer of the stack does anything; they go on when it calls `goOn`, or at its end. */
export async function whileWritersStand<T>(
  stack: Stack,
  during: (goOn: () => void) => Promise<T>,
): Promise<T> {
  const pids = stack.ofRole('writer').map(({ pid }) => pid);
  const signal = (name: 'SIGSTOP' | 'SIGCONT'): void => {
    for (const pid of pids) process.kill(pid, name);
  };
  signal('SIGSTOP');
  try {
    return await during(() => signal('SIGCONT'));
  } finally {
    signal('SIGCONT');
  }
}
