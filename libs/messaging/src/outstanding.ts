import { loopMoment, type LoopMoment } from './loop-moment.js';
import { NOT_PUBLISHED, PublishError } from './publish-error.js';

/** A message that was sent and that the broker has not confirmed yet. */
export interface Sent {
  readonly id: string;
  readonly bytes: number;
  readonly posts: number;
  /** Milliseconds of `performance.now()`. */
  readonly sentAt: number;
  /** When it was written into the socket; undefined until the end of that turn of the event loop. */
  readonly written: LoopMoment | undefined;
  /** The broker gave it back: its confirm means nothing. */
  readonly returned: boolean;
}

interface Entry extends Sent {
  written: LoopMoment | undefined;
  returned: boolean;
  readonly resolve: () => void;
  readonly reject: (error: PublishError) => void;
}

/** A message's deadline is over, whatever may still come. */
export const expired = (): PublishError => new PublishError(NOT_PUBLISHED.late);

/** The least time between two looks at deadlines. */
const SWEEP_MS = 10;

/**
 * What the broker has been sent and has not confirmed. A message whose deadline passes is answered
 * `unknown` and stays here until its late confirm or the end of the channel: the broker, or the socket to
 * it, still holds it. One timer serves all deadlines, which expire in the order of sending; it is not
 * stopped when its message is confirmed, so that a quiet time costs no timer a message either. It looks at the end of
 * its turn of the event loop, so that confirms that are there already, unread, are not too late.
 */
export class Outstanding {
  private readonly waiting = new Map<string, Entry>();
  private readonly late = new Map<string, Entry>();
  private heldBytes = 0;
  private heldPosts = 0;
  private timer: NodeJS.Timeout | undefined;
  private due: NodeJS.Immediate | undefined;
  private onIdle: (() => void) | undefined;

  constructor(private readonly timeoutMs: number) {}

  /** Posts in them; a message without any counts as one. */
  get posts(): number {
    return this.heldPosts;
  }

  /** Whether there is anything whose deadline has passed. */
  get anyLate(): boolean {
    return this.late.size > 0;
  }

  /** When the oldest was sent, in milliseconds of `performance.now()`; undefined when there is none. */
  get oldestSentAt(): number | undefined {
    for (const entries of [this.late, this.waiting]) for (const { sentAt } of entries.values()) return sentAt;
    return undefined;
  }

  get bytes(): number {
    return this.heldBytes;
  }

  has({ id }: Sent): boolean {
    return this.waiting.has(id) || this.late.has(id);
  }

  add(
    message: { readonly id: string; readonly bytes: number; readonly posts: number },
    resolve: () => void,
    reject: (error: PublishError) => void,
  ): Sent {
    const { id, bytes } = message;
    const posts = Math.max(1, message.posts);
    const entry: Entry = {
      ...{ id, bytes, posts, resolve, reject },
      ...{ sentAt: performance.now(), written: undefined, returned: false },
    };
    setImmediate(() => (entry.written = loopMoment()));
    this.waiting.set(id, entry);
    this.heldBytes += bytes;
    this.heldPosts += posts;
    this.timer ??= this.sweepIn(this.timeoutMs);
    return entry;
  }

  /** The broker gave the message back; its confirm follows. */
  returned(id: string): void {
    const entry = this.waiting.get(id) ?? this.late.get(id);
    if (entry) entry.returned = true;
  }

  /** The broker's answer has come, in time or not. */
  settle({ id }: Sent, failure: PublishError | null): void {
    const late = this.late.get(id);
    if (late) {
      this.late.delete(id);
      this.release(late);
    }
    const entry = this.waiting.get(id);
    if (!entry) return;
    this.release(entry);
    this.finish(entry, failure);
  }

  /** No answer can come any more. */
  abandon(failure: PublishError): void {
    this.late.clear();
    this.heldBytes = this.heldPosts = 0;
    for (const entry of [...this.waiting.values()]) this.finish(entry, failure);
    clearTimeout(this.timer);
    clearImmediate(this.due);
    this.timer = this.due = undefined;
  }

  /** Resolves when every caller has been answered. */
  async whenNobodyWaits(): Promise<void> {
    if (this.waiting.size > 0) await new Promise<void>((resolve) => (this.onIdle = resolve));
  }

  private release({ bytes, posts }: Sent): void {
    this.heldBytes -= bytes;
    this.heldPosts -= posts;
  }

  private finish(entry: Entry, failure: PublishError | null): void {
    this.waiting.delete(entry.id);
    if (failure) entry.reject(failure);
    else entry.resolve();
    if (this.waiting.size === 0) this.onIdle?.();
  }

  private sweepIn(ms: number): NodeJS.Timeout {
    return setTimeout(() => (this.due = setImmediate(() => this.sweep())), ms);
  }

  private sweep(): void {
    this.timer = undefined;
    const now = performance.now();
    for (const entry of this.waiting.values()) {
      const leftMs = entry.sentAt + this.timeoutMs - now;
      if (leftMs > 0) {
        this.timer = this.sweepIn(Math.max(leftMs, SWEEP_MS));
        return;
      }
      this.late.set(entry.id, entry);
      this.finish(entry, expired());
    }
  }
}
