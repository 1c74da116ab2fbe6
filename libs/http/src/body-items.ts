import type { FastifyRequest } from 'fastify';
import { ndjsonLines } from './ndjson-lines.js';
import { checkedForms, parseJson } from './json-body.js';
import { isNdjson } from './media-type.js';
import { ProblemError } from './problem-error.js';

/** The values of a list that was sent, in their order. */
export interface BodyItems {
  readonly length: number;
  /**
   * The value at a place, which is parsed no sooner than here when it is a line.
   * @throws ProblemError 400 about this value alone, with pointers into it.
   */
  read(index: number): unknown;
}

/**
 * The list in the body of a route with `@BulkBody`: a JSON array, or NDJSON, of which a line that is not
 * JSON is that item's mistake and blank lines do not count.
 * @throws ProblemError 400 when the document cannot be read at all, 413 when it has too many values.
 */
export function bodyItems(request: FastifyRequest): BodyItems {
  const { bulkBody } = request.routeOptions.config;
  if (!bulkBody) throw new Error('a route without @BulkBody asked for a list');
  const { maxItems } = bulkBody;
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  if (isNdjson(request.headers['content-type'])) {
    const lines = ndjsonLines(body, maxItems);
    if (!lines) throw tooMany(maxItems);
    return { length: lines.length, read: (index) => checkedForms(parseJson(lines[index], 'line')) };
  }
  const values = parseJson(body, 'body');
  if (!Array.isArray(values)) {
    throw new ProblemError('invalid_request', 'The body is not valid; errors says where.', {
      errors: [{ pointer: '', detail: 'must be a JSON array' }],
    });
  }
  if (values.length > maxItems) throw tooMany(maxItems);
  return { length: values.length, read: (index) => checkedForms(values[index]) };
}

const tooMany = (most: number): ProblemError =>
  new ProblemError('payload_too_large', `At most ${most} items may be sent at once; nothing was accepted.`);
