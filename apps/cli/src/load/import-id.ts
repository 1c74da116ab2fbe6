import { createHash } from 'node:crypto';
import { uuidV7 } from '@spillway/contracts';

/**
 * The post id of a line: a UUIDv7 of the message's own time whose other 74 bits come from SHA-256 over
 * the line number and the bytes of the line. Derived and not minted, so that a load which was stopped,
 * repeated or retried never doubles anything; with the number, so that two equal lines are two posts.
 * The file's name and place do not count: a renamed or a longer file is the same import, continued.
 * @param line the bytes without the line's end.
 */
export function importId(lineNumber: number, line: Uint8Array, createdAtMs: number): string {
  const hash = createHash('sha256').update(`${lineNumber}\n`).update(line).digest();
  return uuidV7(createdAtMs, hash.subarray(0, 10));
}
