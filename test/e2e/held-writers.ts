import type { Stack } from '@spillway/testing';

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
