import { Redis } from 'ioredis';
import {
  circuitBreaker,
  ConsecutiveBreaker,
  handleAll,
  timeout,
  TimeoutStrategy,
  wrap,
  type IPolicy,
} from 'cockatiel';
import type { Logger } from '@spillway/telemetry';

export interface CacheConnectionOptions {
  /** Holds credentials: never logged. */
  readonly url: string;
  readonly name: string;
  readonly logger: Logger;
  /** How long a call may take before it counts as failed. */
  readonly deadlineMs?: number;
}

/** The outcome of a call: Redis may vanish at any time, so an absent answer is a normal one. */
export type CacheAnswer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false };

const DEADLINE_MS = 100;
/** How many times longer a call may take that is worth waiting for. */
const PATIENCE = 5;
const BREAK_AFTER = 5;
const HALF_OPEN_AFTER_MS = 1_000;

/**
 * A Redis connection on which nothing waits: every call has a deadline and runs behind a circuit
 * breaker, and no command is queued while there is no connection.
 */
export class CacheConnection {
  private constructor(
    private readonly redis: Redis,
    private readonly policy: IPolicy,
    /** The same breaker, with more patience. */
    private readonly patient: IPolicy,
  ) {}

  static open({ url, name, logger, deadlineMs = DEADLINE_MS }: CacheConnectionOptions): CacheConnection {
    const redis = new Redis(url, {
      connectionName: name,
      enableOfflineQueue: false,
      enableAutoPipelining: true,
      maxRetriesPerRequest: 1,
      autoResendUnfulfilledCommands: false,
      connectTimeout: 1_000,
      retryStrategy: (times) => Math.min(2_000, 100 * 2 ** Math.min(times, 5)) + Math.random() * 100,
    });
    let said = false;
    redis.on('error', (error: Error) => {
      if (!said)
        logger.warn(
          { reason: error.message || 'connection refused' },
          'redis not reachable: going on without it',
        );
      said = true;
    });
    redis.on('ready', () => {
      if (said) logger.info({}, 'redis reachable again');
      said = false;
    });
    const breaker = circuitBreaker(handleAll, {
      halfOpenAfter: HALF_OPEN_AFTER_MS,
      breaker: new ConsecutiveBreaker(BREAK_AFTER),
    });
    const within = (ms: number): IPolicy => wrap(breaker, timeout(ms, TimeoutStrategy.Aggressive));
    return new CacheConnection(redis, within(deadlineMs), within(deadlineMs * PATIENCE));
  }

  /** Runs a command; `ok: false` when Redis did not answer in time, for whatever reason. */
  call<T>(command: (redis: Redis) => Promise<T>): Promise<CacheAnswer<T>> {
    return this.execute(this.policy, command);
  }

  /** The same with five times the deadline, for what a client would rather wait for than do without. */
  callPatiently<T>(command: (redis: Redis) => Promise<T>): Promise<CacheAnswer<T>> {
    return this.execute(this.patient, command);
  }

  private async execute<T>(policy: IPolicy, command: (redis: Redis) => Promise<T>): Promise<CacheAnswer<T>> {
    try {
      return { ok: true, value: await policy.execute(() => command(this.redis)) };
    } catch {
      return { ok: false };
    }
  }

  async close(): Promise<void> {
    this.redis.disconnect();
    return Promise.resolve();
  }
}
