import type { IncomingHttpHeaders } from 'node:http';
import { ProblemError } from './problem-error.js';

/** Exactly JSON in UTF-8. Spaces only where HTTP allows them: tabs and other parameters are tricks on parsers. */
const JSON_TYPE = /^application\/json(?: *; *charset=(?:utf-8|"utf-8"))?$/i;

/** The same strictness for one JSON value a line. */
const NDJSON_TYPE = /^application\/x-ndjson(?: *; *charset=(?:utf-8|"utf-8"))?$/i;

export const isNdjson = (type: string | undefined): boolean => type !== undefined && NDJSON_TYPE.test(type);

/** Their bodies are never read. */
const BODILESS = ['GET', 'HEAD', 'OPTIONS'];

/**
 * @param alsoNdjson whether the route takes a list.
 * @throws ProblemError 415 when a request with a body does not say that it is plain JSON.
 */
export function requireJson(method: string, headers: IncomingHttpHeaders, alsoNdjson: () => boolean): void {
  if (BODILESS.includes(method)) return;
  const type = headers['content-type'];
  const encoding = headers['content-encoding'];
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  if (type === undefined ? hasBody : !JSON_TYPE.test(type) && !(isNdjson(type) && alsoNdjson())) {
    const types = alsoNdjson() ? 'application/json or application/x-ndjson' : 'application/json';
    throw new ProblemError('unsupported_media_type', `Send the body as Content-Type: ${types}.`);
  }
  if (hasBody && encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new ProblemError('unsupported_media_type', 'Send the body without Content-Encoding.');
  }
}
