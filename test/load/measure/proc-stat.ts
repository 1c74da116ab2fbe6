/** `man 5 proc`: /proc/PID/stat counts in these, on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** What /proc/PID/stat says of a process. */
export interface ProcStat {
  readonly pid: number;
  readonly parent: number;
  /** Microseconds of user and system time of the process and of its ended children. */
  readonly cpuMicros: number;
}

/**
 * Reads a line of /proc/PID/stat. The name of the program may hold spaces and brackets.
 * @throws Error when it is no such line.
 */
export function parseProcStat(line: string): ProcStat {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const [, parent, ...rest] = fields.map(Number);
  // utime, stime, cutime and cstime are the fields 14 to 17; `rest` begins with field 5.
  const ticks = rest.slice(9, 13);
  if (parent === undefined || ticks.length < 4 || ticks.some(Number.isNaN))
    throw new Error(`This is no line of /proc/PID/stat: ${line.slice(0, 80)}`);
  const sum = ticks.reduce((a, b) => a + b, 0);
  return { pid: Number.parseInt(line, 10), parent, cpuMicros: (sum * 1e6) / TICKS_PER_SECOND };
}

/**
 * Microseconds of CPU of a process and all that descend from it. A child that ended is in the account of the
 * parent that waited for it, so that the sum never falls.
 */
export function treeCpuMicros(all: readonly ProcStat[], root: number): number {
  const children = Map.groupBy(all, ({ parent }) => parent);
  const sum = (stats: readonly ProcStat[]): number =>
    stats.reduce((total, { pid, cpuMicros }) => total + cpuMicros + sum(children.get(pid) ?? []), 0);
  return sum(all.filter(({ pid }) => pid === root));
}

/** Ticks of all processors since boot, by the first line of /proc/stat. */
export interface MachineTicks {
  readonly total: number;
  readonly idle: number;
  readonly steal: number;
}

/** @throws Error when the text is not /proc/stat. */
export function parseMachineStat(text: string): MachineTicks {
  const line = /^cpu +(.+)$/m.exec(text)?.[1];
  if (line === undefined) throw new Error('This is not /proc/stat: it has no line of all processors.');
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = line
    .split(' ')
    .map(Number);
  return {
    total: user + nice + system + idle + iowait + irq + softirq + steal,
    idle: idle + iowait,
    steal,
  };
}

/** Parts, 0 to 1, of all the time of all processors. */
export interface MachineUse {
  readonly busy: number;
  readonly steal: number;
  /** Taken by what is not ours: other programs, and the kernel's own threads. */
  readonly foreign: number;
}

/** What the machine did between two looks. @param ownMicros CPU time of what is ours. */
export function machineUse(before: MachineTicks, after: MachineTicks, ownMicros: number): MachineUse {
  const total = Math.max(after.total - before.total, 1);
  const busy = 1 - (after.idle - before.idle) / total;
  const steal = (after.steal - before.steal) / total;
  const own = (ownMicros * TICKS_PER_SECOND) / 1e6 / total;
  return { busy, steal, foreign: Math.max(busy - steal - own, 0) };
}
