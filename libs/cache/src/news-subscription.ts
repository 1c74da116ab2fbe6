import { Redis } from 'ioredis';

export interface NewsSubscriptionOptions {
  /** Holds credentials: never logged. */
  readonly url: string;
  readonly name: string;
  readonly channels: readonly string[];
  readonly onNews: (news: string) => void;
  /** News may have been missed, or may not come for a while: look for yourself. */
  readonly onGap: () => void;
  /** Milliseconds the connection stays when nobody listens any more. */
  readonly idleMs?: number;
}

const IDLE_MS = 30_000;
/** A connection that died without a word is found by asking. */
const PING_EVERY_MS = 5_000;
const PING_DEADLINE_MS = 2_000;

/**
 * A connection of its own that hears what is published, while somebody listens: it is opened for the
 * first listener and closed some time after the last one.
 */
export class NewsSubscription {
  private redis: Redis | undefined;
  private hears = false;
  private idle: NodeJS.Timeout | undefined;
  private pings: NodeJS.Timeout | undefined;

  constructor(private readonly options: NewsSubscriptionOptions) {}

  /** False while news may be missed. */
  get live(): boolean {
    return this.hears;
  }

  open(): void {
    clearTimeout(this.idle);
    this.idle = undefined;
    this.redis ??= this.connect();
  }

  /** Nobody listens for now. */
  rest(): void {
    this.idle ??= setTimeout(() => this.close(), this.options.idleMs ?? IDLE_MS);
  }

  close(): void {
    clearTimeout(this.idle);
    clearInterval(this.pings);
    this.idle = undefined;
    this.pings = undefined;
    this.hears = false;
    this.redis?.removeAllListeners();
    // What is still going on may fail, and nobody cares any more.
    this.redis?.on('error', () => undefined);
    this.redis?.disconnect();
    this.redis = undefined;
  }

  private connect(): Redis {
    const { url, name, onNews } = this.options;
    const redis = new Redis(url, {
      connectionName: `${name} news`,
      enableOfflineQueue: false,
      autoResubscribe: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: null,
      connectTimeout: 1_000,
      retryStrategy: (times) => Math.min(2_000, 100 * 2 ** Math.min(times, 5)) + Math.random() * 100,
    });
    // The connection for commands tells of it.
    redis.on('error', () => undefined);
    redis.on('message', (_channel: string, news: string) => onNews(news));
    redis.on('ready', () => void this.subscribe(redis));
    redis.on('close', () => this.lost());
    this.pings = setInterval(() => void this.ping(redis), PING_EVERY_MS);
    return redis;
  }

  private async subscribe(redis: Redis): Promise<void> {
    try {
      await redis.subscribe(...this.options.channels);
    } catch {
      redis.disconnect(true);
      return;
    }
    if (redis !== this.redis) return;
    this.hears = true;
    this.options.onGap();
  }

  private lost(): void {
    const heard = this.hears;
    this.hears = false;
    if (heard) this.options.onGap();
  }

  private async ping(redis: Redis): Promise<void> {
    if (!this.hears) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), PING_DEADLINE_MS);
    });
    const answer = await Promise.race([redis.ping().catch(() => 'failed'), late]);
    clearTimeout(timer);
    if (answer === 'late' && redis === this.redis) redis.disconnect(true);
  }
}
