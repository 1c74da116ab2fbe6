import { clockOffsetMs, type CacheConnection } from '@spillway/cache';
import type { Probe } from '@spillway/health';
import { observe } from '@spillway/telemetry';
import type { Events } from '../events.js';

const EVERY_MS = 10_000;
const WARN_MS = 1_000;
const UNFIT_MS = 5_000;

/** Compares this gateway's clock with Redis' every 10 s: ids carry the time, so a wrong clock is not ready. */
export class ClockWatch {
  private offsetMs = 0;
  private stopGauge: (() => void) | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly cache: CacheConnection,
    private readonly events: Events,
  ) {}

  readonly probe: Probe = {
    name: 'clock',
    required: true,
    check: () =>
      Math.abs(this.offsetMs) <= UNFIT_MS
        ? { up: true }
        : { up: false, detail: 'the clock is more than 5 s off' },
  };

  start(): void {
    this.stopGauge = observe('clock_offset_seconds', () => this.offsetMs / 1000);
    const look = async (): Promise<void> => {
      this.offsetMs = (await clockOffsetMs(this.cache)) ?? this.offsetMs;
      if (Math.abs(this.offsetMs) > WARN_MS) this.events.clockIsOff(this.offsetMs);
      this.timer = setTimeout(() => void look(), EVERY_MS);
    };
    this.timer = setTimeout(() => void look(), 0);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.stopGauge?.();
  }
}
