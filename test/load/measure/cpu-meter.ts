import type { Stack, StackRole } from '@spillway/testing';
import { machineUse, treeCpuMicros, type MachineTicks, type MachineUse } from './proc-stat.js';
import { readMachine, readProcesses } from './read-proc.js';

/** Whose processor time is told apart. `server`, `client` and `bench` are the benchmark's own. */
export type Role = StackRole | 'server' | 'client' | 'bench';

export interface CpuUse extends MachineUse {
  /** Microseconds of user and system time by role, with everything below the processes of the role. */
  readonly micros: Readonly<Partial<Record<Role, number>>>;
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
    const pids = [...theirs, ...own, ['bench', process.pid] as const].filter(([, pid]) => pid > 1);
    return new CpuMeter(pids, microsOf(pids), readMachine());
  }

  /** Since the start. A process that was started since is not counted. */
  read(): CpuUse {
    const now = microsOf(this.pids);
    const micros = Object.fromEntries(
      [...now].map(([role, at]) => [role, Math.max(at - (this.before.get(role) ?? 0), 0)]),
    );
    // The tree of `bench` holds the benchmark's other processes too.
    const { server = 0, client = 0, ...counted } = micros;
    const own = Object.values(counted).reduce((sum, value) => sum + value, 0);
    const bench = (counted['bench'] ?? 0) - server - client;
    return { micros: { ...micros, bench }, ...machineUse(this.machine, readMachine(), own) };
  }
}

function microsOf(pids: readonly (readonly [Role, number])[]): ReadonlyMap<Role, number> {
  const all = readProcesses();
  const sums = new Map<Role, number>();
  for (const [role, pid] of pids) sums.set(role, (sums.get(role) ?? 0) + treeCpuMicros(all, pid));
  return sums;
}
