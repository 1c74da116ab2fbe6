import { setTimeout as delay } from 'node:timers/promises';
import type { Probe, ProbeResult } from './probe.js';

/** A probe that has not answered after this counts as down. */
export const CHECK_TIMEOUT_MS = 1000;

export interface DependencyHealth {
  readonly status: 'up' | 'down';
  readonly required: boolean;
}

/** Up: everything required answers. Ready: up, and not stopping. It names dependencies, never addresses. */
export interface HealthReport {
  readonly status: 'up' | 'down';
  readonly ready: boolean;
  readonly dependencies: Readonly<Record<string, DependencyHealth>>;
}

/** What this process depends on, and whether it is stopping. */
export class HealthRegistry {
  private readonly probes: Probe[] = [];
  private draining = false;

  /** @throws Error when a probe of this name is there already. */
  add(probe: Probe): void {
    if (this.probes.some((known) => known.name === probe.name))
      throw new Error(`two probes are named ${probe.name}`);
    this.probes.push(probe);
  }

  /** True as long as the process can answer at all: no dependency makes a restart useful. */
  live(): boolean {
    return true;
  }

  /** From now on not ready, so that no new work is sent here. */
  startDraining(): void {
    this.draining = true;
  }

  /** Asks every probe at once; takes at most a second. Never rejects. */
  async report(): Promise<HealthReport> {
    const seen = await Promise.all(
      this.probes.map(async (probe) => {
        const status: DependencyHealth['status'] = (await isUp(probe)) ? 'up' : 'down';
        return [probe.name, { status, required: probe.required }] as const;
      }),
    );
    const up = seen.every(([, { status, required }]) => status === 'up' || !required);
    return {
      status: up ? 'up' : 'down',
      ready: up && !this.draining,
      dependencies: Object.fromEntries(seen),
    };
  }
}

async function isUp(probe: Probe): Promise<boolean> {
  const deadline = new AbortController();
  const late = delay<ProbeResult>(CHECK_TIMEOUT_MS, { up: false }, { signal: deadline.signal });
  late.catch(() => undefined);
  try {
    return (await Promise.race([Promise.resolve().then(() => probe.check()), late])).up;
  } catch {
    return false;
  } finally {
    deadline.abort();
  }
}
