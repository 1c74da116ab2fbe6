import type { IncomingHttpHeaders } from 'node:http';
import { ProblemError } from './problem-error.js';

/** Exactly JSON in UTF-8. Spaces only where HTTP allows them: tabs and other parameters are tricks on parsers. */
const JSON_TYPE = /^application\/json(?: *; *charset=(?:utf-8|"utf-8"))?$/i;

/** Their bodies are never read. */
const BODILESS = ['GET', 'HEAD', 'OPTIONS'];

/** @throws ProblemError 415 when a request with a body does not say that it is plain JSON. */
export function requireJson(method: string, headers: IncomingHttpHeaders): void {
  if (BODILESS.includes(method)) return;
  const type = headers['content-type'];
  const encoding = headers['content-encoding'];
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  if (type === undefined ? hasBody : !JSON_TYPE.test(type)) {
    throw new ProblemError('unsupported_media_type', 'Send the body as Content-Type: application/json.');
  }
  if (hasBody && encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new ProblemError('unsupported_media_type', 'Send the body without Content-Encoding.');
  }
}
