import { codePoints, CONTENT_MAX_CODE_POINTS, isStorable } from '@spillway/contracts';

/** A line of the corpus: what `load` reads. */
export interface Message {
  readonly author: string;
  /** ISO 8601 UTC. */
  readonly createdAt: string;
  readonly content: string;
  readonly channel: string;
  readonly tags: readonly string[];
}

/** Messages of one origin, and how many of it could not be used, by reason. */
export interface Collected {
  readonly origin: string;
  readonly messages: readonly Message[];
  readonly skipped: Readonly<Record<string, number>>;
}

/** Why the service would refuse a content, or null. */
export function whyRefused(content: string): string | null {
  if (content === '') return 'empty';
  if (!isStorable(content)) return 'U+0000 or half a surrogate pair';
  return codePoints(content) > CONTENT_MAX_CODE_POINTS ? 'longer than 10 000 code points' : null;
}

/** Gathers the messages of one origin: each once, in the order of arrival. */
export class Collection {
  private readonly seen = new Set<string>();
  private readonly messages: Message[] = [];
  private readonly skipped: Record<string, number> = {};

  constructor(private readonly origin: string) {}

  add(message: Message): void {
    const refusal = whyRefused(message.content);
    const key = JSON.stringify([message.author, message.createdAt, message.channel, message.content]);
    if (refusal !== null) this.skip(refusal);
    else if (this.seen.has(key)) this.skip('found twice');
    else {
      this.seen.add(key);
      this.messages.push(message);
    }
  }

  skip(reason: string): void {
    this.skipped[reason] = (this.skipped[reason] ?? 0) + 1;
  }

  get size(): number {
    return this.messages.length;
  }

  collected(): Collected {
    return { origin: this.origin, messages: this.messages, skipped: this.skipped };
  }
}
