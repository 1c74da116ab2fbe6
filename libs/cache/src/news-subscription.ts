import { Redis } from 'ioredis';
import { addressesOf, retryAfterMs } from './redis-client.js';

export interface NewsSubscriptionOptions {
  /** One address, or several of a cluster, comma-separated. Holds credentials: never logged. */
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
 * first listener and closed some time after the last one. Every node of a cluster hears what is published at
 * any, so it listens at one, and at the next when that is lost.
 */
export class NewsSubscription {
  private redis: Redis | undefined;
  private hears = false;
  private idle: NodeJS.Timeout | undefined;
  private pings: NodeJS.Timeout | undefined;
  private again: NodeJS.Timeout | undefined;
  private readonly addresses: readonly string[];
  private turn = 0;

  constructor(private readonly options: NewsSubscriptionOptions) {
    this.addresses = addressesOf(options.url);
  }

  /** False while news may be missed. */
  get live(): boolean {
    return this.hears;
  }

  open(): void {
    clearTimeout(this.idle);
    this.idle = undefined;
    if (this.again === undefined) this.redis ??= this.connect();
  }

  /** Nobody listens for now. */
  rest(): void {
    this.idle ??= setTimeout(() => this.close(), this.options.idleMs ?? IDLE_MS);
  }

  close(): void {
    clearTimeout(this.idle);
    clearTimeout(this.again);
    clearInterval(this.pings);
    this.idle = undefined;
    this.pings = undefined;
    this.again = undefined;
    this.hears = false;
    this.redis?.removeAllListeners();
    // What is still going on may fail, and nobody cares any more.
    this.redis?.on('error', () => undefined);
    this.redis?.disconnect();
    this.redis = undefined;
  }

  private connect(): Redis {
    const { name, onNews } = this.options;
    const redis = new Redis(this.addresses[this.turn % this.addresses.length] ?? '', {
      connectionName: `${name} news`,
      enableOfflineQueue: false,
      autoResubscribe: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: null,
      connectTimeout: 1_000,
      retryStrategy: (times) => (this.addresses.length > 1 ? null : retryAfterMs(times)),
    });
    // The connection for commands tells of it.
    redis.on('error', () => undefined);
    redis.on('message', (_channel: string, news: string) => onNews(news));
    redis.on('ready', () => void this.subscribe(redis));
    redis.on('close', () => this.lost());
    redis.on('end', () => this.next(redis));
    this.pings = setInterval(() => void this.ping(redis), PING_EVERY_MS);
    return redis;
  }

  private async subscribe(redis: Redis): Promise<void> {
    try {
      await redis.subscribe(...this.options.channels);
    } catch {
      this.reconnect(redis);
      return;
    }
    if (redis !== this.redis) return;
    this.hears = true;
    this.turn %= this.addresses.length;
    this.options.onGap();
  }

  private lost(): void {
    const heard = this.hears;
    this.hears = false;
    if (heard) this.options.onGap();
  }

  private reconnect(redis: Redis): void {
    redis.disconnect(this.addresses.length === 1);
  }

  /** Goes on at the next node of the cluster. */
  private next(redis: Redis): void {
    if (redis !== this.redis) return;
    redis.removeAllListeners();
    redis.on('error', () => undefined);
    clearInterval(this.pings);
    this.redis = undefined;
    this.turn++;
    this.again = setTimeout(
      () => {
        this.again = undefined;
        this.redis = this.connect();
      },
      retryAfterMs(Math.floor(this.turn / this.addresses.length)),
    );
  }

  private async ping(redis: Redis): Promise<void> {
    if (!this.hears) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), PING_DEADLINE_MS);
    });
    const answer = await Promise.race([redis.ping().catch(() => 'failed'), late]);
    clearTimeout(timer);
    if (answer === 'late' && redis === this.redis) this.reconnect(redis);
  }
}
