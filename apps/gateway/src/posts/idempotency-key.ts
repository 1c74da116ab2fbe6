import { createHash } from 'node:crypto';
import type { PostInput } from '@spillway/contracts';
import { ProblemError } from '@spillway/http';

const BARE = /^[\x21-\x7e]{1,255}$/;
/** A structured-field string (RFC 8941 §3.3.3): `"` and `\` are escaped, nothing else is. */
const QUOTED = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/;

/**
 * The key of an `Idempotency-Key` header: a quoted structured-field string, or a bare token.
 * @throws ProblemError when it is neither, or not 1 to 255 visible ASCII characters.
 */
export function readIdempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  const quoted = QUOTED.exec(text)?.[1];
  const key = quoted === undefined ? text : quoted.replaceAll(/\\(["\\])/g, '$1');
  if (BARE.test(key) && (quoted !== undefined || !text.startsWith('"'))) return key;
  throw new ProblemError('invalid_request', 'The Idempotency-Key is not valid; nothing was accepted.', {
    errors: [
      {
        pointer: '!Idempotency-Key',
        detail: 'must be 1 to 255 visible ASCII characters, in quotes or bare',
      },
    ],
  });
}

export const sha256Hex = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Two bodies are the same request when this is the same, however they were spelled. */
export const hashOfInput = (input: PostInput): string =>
  sha256Hex(
    JSON.stringify([input.content, input.channelId ?? null, input.replyTo ?? null, input.tags ?? []]),
  );
