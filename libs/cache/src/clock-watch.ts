import { setTimeout as delay } from 'node:timers/promises';
import { processClock, type SteadyClock } from '@spillway/contracts/server';
import type { Probe } from '@spillway/health';
import { observe, type Logger } from '@spillway/telemetry';
import type { CacheConnection } from './cache-connection.js';
import { CLOCK_SAME_MS, CLOCK_TOLERANCE_MS, ClockJudge } from './clock-judge.js';
import { clockOffsetMs } from './clock-offset.js';

const EVERY_MS = 5_000;
/** While Redis does not answer in time, or the clock is wrong. */
const AGAIN_MS = 1_000;
/** How long a start waits for the first comparison. */
const START_MS = 5_000;
/** No more often, or the breaker would keep the calls from a connection that is just being made. */
const START_LOOK_MS = 250;

export interface ClockWatchOptions {
  readonly cache: CacheConnection;
  readonly logger: Logger;
  /** Whether the process is unready with a wrong clock. */
  readonly required: boolean;
  readonly clock?: SteadyClock;
}

/**
 * Compares this process' clock with Redis' every 5 s, and every second while it is wrong: ids and expiries carry the time. Steps of the machine's
 * clock do not reach the process; a clock that is wrong from the start, or drifts away, does. Without Redis
 * what was found last holds.
 */
export class ClockWatch {
  private readonly judge = new ClockJudge();
  private readonly clock: SteadyClock;
  private compared = false;
  /** The last look was in vain. */
  private isDue = false;
  private isWrong = false;
  /** The machine's clock, in milliseconds ahead of Redis'. */
  private wallAheadMs = 0;
  private stopGauge: (() => void) | undefined;
  private timer: NodeJS.Timeout | undefined;
  private looking = Promise.resolve();
  private stopped = false;

  constructor(private readonly options: ClockWatchOptions) {
    this.clock = options.clock ?? processClock;
  }

  /** True while the time of this process must not be put into anything. */
  get wrong(): boolean {
    return this.isWrong;
  }

  get probe(): Probe {
    return {
      name: 'clock',
      required: this.options.required,
      check: () =>
        this.isWrong
          ? { up: false, detail: `the clock is more than ${CLOCK_TOLERANCE_MS / 1000} s off` }
          : { up: true },
    };
  }

  /** Compares from now on. Resolves after the first comparison, or after 5 s without one. */
  async start(): Promise<void> {
    this.stopGauge = observe('clock_offset_seconds', () => this.wallAheadMs / 1000);
    const until = performance.now() + START_MS;
    await this.look();
    while (!this.compared && !this.stopped && performance.now() < until) {
      await delay(START_LOOK_MS);
      await this.look();
    }
    this.lookLater();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    this.stopGauge?.();
    await this.looking;
  }

  /** One comparison. */
  async look(): Promise<void> {
    this.isDue = true;
    const { clock } = this;
    const aheadMs = await clockOffsetMs(this.options.cache, () => clock.now());
    if (aheadMs === undefined) return;
    this.isDue = false;
    this.compared = true;
    this.wallAheadMs = aheadMs + clock.wallAheadMs;
    const verdict = this.judge.compare(aheadMs, this.wallAheadMs);
    if (verdict.is === 'outdated') clock.moveToWall();
    const wrong = verdict.is === 'wrong';
    this.say(wrong, verdict.is === 'reference_stepped' ? verdict.stepMs : undefined);
    this.isWrong = wrong;
  }

  private say(wrong: boolean, stepMs: number | undefined): void {
    const { logger } = this.options;
    const offsetMs = this.wallAheadMs;
    if (stepMs !== undefined)
      logger.error({ stepMs }, "Redis' clock has made a step; this process keeps its own time");
    else if (wrong)
      logger.error({ offsetMs }, 'the clock is off: nothing is accepted; check time synchronisation');
    else if (Math.abs(offsetMs) > CLOCK_SAME_MS)
      logger.error({ offsetMs }, "this machine's clock differs from Redis'; check time synchronisation");
    else if (this.isWrong) logger.info({ offsetMs }, 'the clock is right again');
  }

  private lookLater(): void {
    if (this.stopped) return;
    this.timer = setTimeout(
      () => {
        this.looking = this.look().then(() => this.lookLater());
      },
      this.isDue || this.isWrong ? AGAIN_MS : EVERY_MS,
    );
  }
}
