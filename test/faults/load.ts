import { uuidV7 } from '@spillway/contracts';
import type { Caller } from './callers.js';
import { draft, type Draft } from './content.js';
import type { Answer, History, RequestRecord } from './history.js';
import { write } from './http.js';
import type { Random } from './random.js';

export interface LoadOptions {
  readonly baseUrl: string;
  readonly run: string;
  readonly rate: number;
  readonly callers: readonly [Caller, ...Caller[]];
  readonly random: Random;
  readonly history: History;
  /** Whether PUTs are sent again; they are when left out. */
  readonly repeats?: boolean;
  /** What each post says; texts of many scripts and lengths when left out. */
  readonly draft?: (op: string, random: Random) => Draft;
}

interface Post {
  readonly caller: Caller;
  readonly op: string;
  readonly draft: Draft;
}

/** A post and the Idempotency-Key that makes it one however often it is sent. */
export interface KeyedPost extends Post {
  readonly key: string;
}

/** A slow system must not exhaust the client; beyond this requests are counted as not sent. */
const MAX_OPEN = 4_000;
const TICK_MS = 5;
const MAX_ATTEMPTS = 8;
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 4_000;

/**
 * Open-loop load: requests leave at a constant rate however slowly they are answered. Half are POSTs,
 * sent once; half are PUTs, sent again under the same id after an unknown outcome or a 503.
 */
export class Load {
  /** Requests that were due while too many were open. */
  skipped = 0;
  private readonly open = new Set<Promise<void>>();
  private readonly waits = new Set<() => void>();
  private timer: NodeJS.Timeout | undefined;
  private count = 0;
  private perSecond: number;

  constructor(private readonly options: LoadOptions) {
    this.perSecond = options.rate;
  }

  /** Posts begun per second; repetitions come on top. */
  get rate(): number {
    return this.perSecond;
  }

  set rate(perSecond: number) {
    this.perSecond = perSecond;
  }

  start(): void {
    if (this.timer) return;
    let last = performance.now();
    let due = 0;
    this.timer = setInterval(() => {
      const now = performance.now();
      due += ((now - last) * this.perSecond) / 1000;
      last = now;
      for (; due >= 1; due--) {
        if (this.open.size >= MAX_OPEN) this.skipped++;
        else this.launch();
      }
    }, TICK_MS);
  }

  /** Sends nothing new, ends waiting repetitions, and resolves when all that was sent is answered. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.timer = undefined;
    for (const wake of this.waits) wake();
    await Promise.all(this.open);
  }

  /** Runs a step with nothing of this load in flight: begins no post until it ends, and waits for all it sent. */
  async paused<T>(step: () => Promise<T>): Promise<T> {
    const { perSecond } = this;
    this.perSecond = 0;
    try {
      await Promise.all(this.open);
      return await step();
    } finally {
      this.perSecond = perSecond;
    }
  }

  /** Sends one post beside the load, to a gateway itself instead of the edge. */
  sendTo(gatewayUrl: string, method: 'POST' | 'PUT' = 'POST'): Promise<RequestRecord> {
    return this.attempt(this.next(), 1, method === 'PUT' ? uuidV7() : null, { baseUrl: gatewayUrl });
  }

  /** What one keyed post says; to be sent with `sendKeyed`, as often as wanted. */
  draftKeyed(key: string, caller?: Caller): KeyedPost {
    const next = this.next();
    return { ...next, caller: caller ?? next.caller, key };
  }

  /** Sends a POST under an Idempotency-Key, through the edge or to a gateway itself. */
  sendKeyed(post: KeyedPost, attempt: number, baseUrl?: string): Promise<RequestRecord> {
    return this.attempt(post, attempt, null, {
      key: post.key,
      ...(baseUrl === undefined ? {} : { baseUrl }),
    });
  }

  /** What was answered so far under a key. */
  recorded({ op }: KeyedPost): readonly RequestRecord[] {
    return this.options.history.requests.filter((r) => r.op === op);
  }

  /** Sends a PUT again through the edge: same id, same body, same caller. */
  repeat({
    op,
    tenant,
    sub,
    postId,
    marker,
    content,
    channelId,
    tags,
    attempt,
  }: RequestRecord): Promise<RequestRecord> {
    const caller = this.options.callers.find((c) => c.tenant === tenant && c.sub === sub);
    if (!caller || postId === null) throw new Error('only a PUT of this load can be repeated');
    return this.attempt({ caller, op, draft: { marker, content, channelId, tags } }, attempt + 1, postId);
  }

  private launch(): void {
    const work = this.post().finally(() => this.open.delete(work));
    this.open.add(work);
  }

  private async post(): Promise<void> {
    const next = this.next();
    if (this.options.random.below(2) === 0) {
      await this.attempt(next, 1, null);
      return;
    }
    const id = uuidV7();
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const { answer } = await this.attempt(next, attempt, id);
      if (!worthRepeating(answer) || this.timer === undefined || this.options.repeats === false) return;
      await this.wait(
        Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2),
      );
      if (this.timer === undefined) return;
    }
  }

  private next(): Post {
    const { run, callers, random, draft: compose = draft } = this.options;
    const op = `${run}-${++this.count}`;
    return { caller: random.pick(callers), op, draft: compose(op, random) };
  }

  private async attempt(
    { caller, op, draft: { marker, content, channelId, tags } }: Post,
    attempt: number,
    postId: string | null,
    { key, baseUrl = this.options.baseUrl }: { readonly key?: string; readonly baseUrl?: string } = {},
  ): Promise<RequestRecord> {
    const { history } = this.options;
    const method = postId === null ? 'POST' : 'PUT';
    const body = {
      content,
      ...(channelId === null ? {} : { channelId }),
      ...(tags.length === 0 ? {} : { tags }),
    };
    const t0 = Date.now();
    const url = postId === null ? `${baseUrl}/v1/posts` : `${baseUrl}/v1/posts/${postId}`;
    const keyed = key === undefined ? {} : { idempotencyKey: key };
    const answer = await write({ method, url, token: caller.token, body, ...keyed });
    const { tenant, sub } = caller;
    const what = { op, attempt, method, tenant, sub, postId, marker, content, channelId, tags } as const;
    const record: RequestRecord = {
      ...what,
      ...(key === undefined ? {} : { key }),
      t0,
      t1: Date.now(),
      answer,
    };
    history.requests.push(record);
    return record;
  }

  private wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.waits.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.waits.add(wake);
    });
  }
}

const worthRepeating = (answer: Answer): boolean =>
  answer.kind === 'unknown' || (answer.kind === 'refused' && answer.status === 503);
