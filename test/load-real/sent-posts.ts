import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { uuidV7 } from '@spillway/contracts';

/** A line of a corpus, and the id that it must get. */
export interface SentPost {
  readonly id: string;
  readonly author: string;
  readonly createdAt: string;
  readonly content: string;
  readonly channel: string;
  readonly tags: readonly string[];
}

/**
 * The lines of a file with the ids that the loader promises: a UUIDv7 of the message's time and of the
 * SHA-256 over line number and line. Written down here once more, so that a change of it is noticed.
 */
export function readSentPosts(file: string): SentPost[] {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.map((line, index) => {
    const message = JSON.parse(line) as Omit<SentPost, 'id'>;
    const hash = createHash('sha256')
      .update(`${index + 1}\n${line}`)
      .digest();
    return { ...message, id: uuidV7(Date.parse(message.createdAt), hash.subarray(0, 10)) };
  });
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
