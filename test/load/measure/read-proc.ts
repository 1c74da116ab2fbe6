import { readdirSync, readFileSync } from 'node:fs';
import { parseMachineStat, parseProcStat, type MachineTicks, type ProcStat } from './proc-stat.js';

/** Every process of this moment. */
export function readProcesses(): readonly ProcStat[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      return [parseProcStat(readFileSync(`/proc/${name}/stat`, 'utf8'))];
    } catch {
      // It ended meanwhile.
      return [];
    }
  });
}

export const readMachine = (): MachineTicks => parseMachineStat(readFileSync('/proc/stat', 'utf8'));

/** Resident memory in MiB, or 0 for a process that is gone. */
export function residentMiB(pid: number): number {
  try {
    const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kib ?? 0) / 1024;
  } catch {
    return 0;
  }
}
