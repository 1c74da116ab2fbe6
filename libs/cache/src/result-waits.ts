import { newsChannel } from './keys.js';
import { NewsSubscription } from './news-subscription.js';
import { idsOfNews } from './result-news.js';

export interface ResultWaitsOptions {
  /** Holds credentials: never logged. */
  readonly url: string;
  readonly name: string;
  readonly shards: readonly string[];
  /** Milliseconds the connection stays when nobody waits any more. */
  readonly idleMs?: number;
}

/** Why a wait went on: the command was named as ended, or it is time to look for oneself. */
export type News = 'ended' | 'look';

const LOOK_MS = 1_000;
/** While news are heard they can only be missing when the writer could not publish. */
const LOOK_WHILE_LIVE_MS = 2_500;

/**
 * Wakes whoever waits for commands of this process to end, as soon as a writer says so. News are hints:
 * they may be lost with Redis, so each wait also ends by itself after a while, to look again.
 */
export class ResultWaits {
  private readonly listening = new Map<string, Set<Listening>>();
  private readonly subscription: NewsSubscription;
  private closed = false;

  constructor({ url, name, shards, idleMs }: ResultWaitsOptions) {
    this.subscription = new NewsSubscription({
      url,
      name,
      channels: shards.map(newsChannel),
      onNews: (news) => this.tell(news),
      onGap: () => this.tellAll(),
      ...(idleMs === undefined ? {} : { idleMs }),
    });
  }

  /** Commands that somebody waits for. */
  get size(): number {
    return this.listening.size;
  }

  /** Listens for a command from now on, until `end`. What is stored of it must be read after this. */
  listen(commandId: string): Listening {
    const lookMs = (): number => (this.subscription.live ? LOOK_WHILE_LIVE_MS : LOOK_MS);
    const listening = new Listening(lookMs, () => this.forget(commandId, listening));
    const same = this.listening.get(commandId) ?? new Set();
    this.listening.set(commandId, same.add(listening));
    if (!this.closed) this.subscription.open();
    return listening;
  }

  /** Wakes everybody, once; from now on nothing is heard. */
  close(): void {
    this.closed = true;
    this.subscription.close();
    this.tellAll();
  }

  private forget(commandId: string, listening: Listening): void {
    const same = this.listening.get(commandId);
    same?.delete(listening);
    if (same?.size === 0) this.listening.delete(commandId);
    if (this.listening.size === 0 && !this.closed) this.subscription.rest();
  }

  private tell(news: string): void {
    if (this.listening.size === 0) return;
    for (const id of idsOfNews(news)) {
      for (const listening of this.listening.get(id) ?? []) listening.wake('ended');
    }
  }

  private tellAll(): void {
    for (const same of this.listening.values()) for (const listening of same) listening.wake('look');
  }
}

/** One who waits for one command. */
export class Listening {
  private unread: News | undefined;
  private waiting: ((news: News) => void) | undefined;

  constructor(
    private readonly lookMs: () => number,
    readonly end: () => void,
  ) {}

  /**
   * The next news: at once when they came since the last call, else when they come, when `signal` aborts,
   * after `leftMs`, or when it is time to look again.
   */
  next(leftMs: number, signal: AbortSignal): Promise<News> {
    const news = signal.aborted ? 'look' : this.unread;
    this.unread = undefined;
    if (news) return Promise.resolve(news);
    return new Promise((resolve) => {
      const done = (why: News): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', look);
        this.waiting = undefined;
        resolve(why);
      };
      const look = (): void => done('look');
      const timer = setTimeout(
        look,
        Math.max(0, Math.min(leftMs, this.lookMs() * (0.75 + Math.random() / 2))),
      );
      signal.addEventListener('abort', look);
      this.waiting = done;
    });
  }

  wake(news: News): void {
    if (this.waiting) this.waiting(news);
    else if (this.unread !== 'ended') this.unread = news;
  }
}
