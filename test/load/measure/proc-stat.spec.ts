import { describe, expect, it } from '@jest/globals';
import { machineUse, parseMachineStat, parseProcStat, treeCpuMicros } from './proc-stat.js';

const line = (pid: number, parent: number, times: string): string =>
  `${pid} (post) gres (1)) S ${parent} 1 1 0 -1 4194304 101 0 0 0 ${times} 20 0 1 0 107200 3133440`;

describe('/proc', () => {
  it('adds user and system time of a process and of its ended children', () => {
    expect(parseProcStat(line(42, 7, '3 4 10 20'))).toEqual({ pid: 42, parent: 7, cpuMicros: 370_000 });
  });

  it('refuses what is no stat line', () => {
    expect(() => parseProcStat('42 (x) S 1 2 3')).toThrow('no line of /proc/PID/stat');
  });

  it('sums a tree, and nothing beside it', () => {
    const all = [
      line(1, 0, '100 0 0 0'),
      line(2, 1, '1 0 0 0'),
      line(3, 2, '1 1 0 0'),
      line(4, 3, '0 5 0 0'),
      line(5, 1, '7 0 0 0'),
    ].map(parseProcStat);
    expect(treeCpuMicros(all, 2)).toBe(80_000);
    expect(treeCpuMicros(all, 99)).toBe(0);
  });

  it('tells busy and stolen time', () => {
    const at = (numbers: string) => parseMachineStat(`cpu  ${numbers} 0 0\ncpu0 1 2 3\n`);
    const use = machineUse(at('10 0 10 70 5 0 0 5'), at('40 0 20 120 15 0 0 5'), 150_000);
    expect(use.busy).toBeCloseTo(0.4);
    expect(use.steal).toBe(0);
    expect(use.foreign).toBeCloseTo(0.25);
    expect(machineUse(at('0 0 0 0 0 0 0 0'), at('0 0 0 0 0 0 0 10'), 0)).toMatchObject({
      steal: 1,
      foreign: 0,
    });
    expect(() => parseMachineStat('intr 5')).toThrow('/proc/stat');
  });
});
