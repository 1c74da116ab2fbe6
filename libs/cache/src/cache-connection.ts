import type { RedisCommander } from 'ioredis';
import {
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  handleAll,
  timeout,
  TimeoutStrategy,
  wrap,
  type IPolicy,
} from 'cockatiel';
import type { Logger } from '@spillway/telemetry';
import { openRedis, type NewPipeline, type RedisClient } from './redis-client.js';

export interface CacheConnectionOptions {
  /** One address, or several of a cluster, comma-separated. Holds credentials: never logged. */
  readonly url: string;
  readonly name: string;
  readonly logger: Logger;
  /** How long a call may take before it counts as failed. */
  readonly deadlineMs?: number;
}

/** The outcome of a call: Redis may vanish at any time, so an absent answer is a normal one. */
export type CacheAnswer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false };

/** What is done with Redis in one call; without `pipeline` it is a cluster. Each command touches one key. */
export type CacheCommand<T> = (redis: RedisCommander, pipeline?: NewPipeline) => Promise<T>;

const DEADLINE_MS = 100;
/** How many times longer a call may take that is worth waiting for. */
const PATIENCE = 5;
const BREAK_AFTER = 5;
const HALF_OPEN_AFTER_MS = 1_000;

/**
 * A connection to Redis or to a Redis Cluster on which nothing waits: every call has a deadline and runs behind
 * a circuit breaker, and no command is queued while there is no connection.
 */
export class CacheConnection {
  private constructor(
    private readonly client: RedisClient,
    private readonly closeWhenTimeWentBack: () => void,
    private readonly policy: IPolicy,
    /** The same breaker, with more patience while there is reason for it. */
    private readonly patientNow: () => IPolicy,
  ) {}

  static open({ url, name, logger, deadlineMs = DEADLINE_MS }: CacheConnectionOptions): CacheConnection {
    const redis = openRedis({ url, name, commandTimeoutMs: deadlineMs * PATIENCE });
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
    // The breaker counts its pause by the wall clock: set back, it would stay open for as long.
    let brokeAt = 0;
    breaker.onBreak(() => (brokeAt = Date.now()));
    const closeWhenTimeWentBack = (): void => {
      if (breaker.state === CircuitState.Open && Date.now() < brokeAt) breaker.isolate().dispose();
    };
    const within = (ms: number): IPolicy => wrap(breaker, timeout(ms, TimeoutStrategy.Aggressive));
    const policy = within(deadlineMs);
    const patient = within(deadlineMs * PATIENCE);
    // The call that finds out whether Redis is back holds up all others meanwhile.
    const patientNow = (): IPolicy => (breaker.state === CircuitState.Closed ? patient : policy);
    return new CacheConnection(redis, closeWhenTimeWentBack, policy, patientNow);
  }

  /** Runs a command; `ok: false` when Redis did not answer in time, for whatever reason. */
  call<T>(command: CacheCommand<T>): Promise<CacheAnswer<T>> {
    return this.execute(this.policy, command);
  }

  /**
   * The same with five times the deadline, for what a client would rather wait for than do without. While Redis has
   * been silent it has no more time than others.
   */
  callPatiently<T>(command: CacheCommand<T>): Promise<CacheAnswer<T>> {
    return this.execute(this.patientNow(), command);
  }

  private async execute<T>(policy: IPolicy, command: CacheCommand<T>): Promise<CacheAnswer<T>> {
    const { commands, pipeline } = this.client;
    this.closeWhenTimeWentBack();
    try {
      return { ok: true, value: await policy.execute(() => command(commands, pipeline)) };
    } catch {
      return { ok: false };
    }
  }

  async close(): Promise<void> {
    this.client.disconnect();
    return Promise.resolve();
  }
}
