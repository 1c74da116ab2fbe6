import type { Stack, StackRole } from '@spillway/testing';
import { machineUse, treeCpuMicros, type MachineTicks } from './proc-stat.js';
import { readMachine, readProcesses } from './read-proc.js';

/** Whose processor time is told apart. `server` and `client` are the benchmark's own. */
export type Role = StackRole | 'server' | 'client';

export interface CpuUse {
  /** Microseconds of user and system time by role, with everything below the processes of the role. */
  readonly micros: Readonly<Partial<Record<Role, number>>>;
  /** Parts of the machine's time, 0 to 1. */
  readonly busy: number;
  readonly steal: number;
}

/** Tells the processor time each role takes between two moments. */
export class CpuMeter {
  private constructor(
    private readonly pids: readonly (readonly [Role, number])[],
    private readonly before: ReadonlyMap<Role, number>,
    private readonly machine: MachineTicks,
  ) {}

  /** @param own processes of the benchmark itself. */
  static start(stack: Stack, own: readonly (readonly [Role, number])[]): CpuMeter {
    const theirs = stack.processes().map(({ role, pid }): [Role, number] => [role, pid]);
    const pids = [...theirs, ...own].filter(([, pid]) => pid > 1);
    return new CpuMeter(pids, microsOf(pids), readMachine());
  }

  /** Since the start. A process that was started since is not counted. */
  read(): CpuUse {
    const now = microsOf(this.pids);
    const micros = Object.fromEntries(
      [...now].map(([role, at]) => [role, Math.max(at - (this.before.get(role) ?? 0), 0)]),
    );
    return { micros, ...machineUse(this.machine, readMachine()) };
  }
}

function microsOf(pids: readonly (readonly [Role, number])[]): ReadonlyMap<Role, number> {
  const all = readProcesses();
  const sums = new Map<Role, number>();
  for (const [role, pid] of pids) sums.set(role, (sums.get(role) ?? 0) + treeCpuMicros(all, pid));
  return sums;
}
