import type { FastifyReply } from 'fastify';
import type { Page } from '@spillway/cache';
import { isUnchanged } from '../if-none-match.js';
import { traceAnswer } from '../served-by.js';

const WEAK = /^W\//;

/**
 * The text of a body, made once. Node writes text together with the headers, in one piece; bytes go out by
 * `writev`, which was measured to cost more (docs/performance.md).
 */
const texts = new WeakMap<Buffer, string>();

function textOf(body: Buffer): string {
  const known = texts.get(body);
  if (known !== undefined) return known;
  const text = body.toString();
  texts.set(body, text);
  return text;
}

/** Writes the headers of a page, and answers with the text to send: none when the client has it already. */
export function sendPage(reply: FastifyReply, page: Page, known: string | undefined): string | undefined {
  const { etag, servedBy, lagMs, stale = false, ageSeconds, body } = page;
  traceAnswer(reply, page);
  void reply.headers({
    'Cache-Control': 'private, no-cache',
    ETag: etag,
    'Served-By': servedBy,
    ...(lagMs === undefined ? { Age: String(ageSeconds) } : { 'Replica-Lag': String(Math.round(lagMs)) }),
    ...(stale ? { 'Replica-Stale': 'true' } : {}),
  });
  if (known !== undefined && isUnchanged(known, etag.replace(WEAK, ''))) {
    void reply.code(304);
    return undefined;
  }
  void reply.header('Content-Type', 'application/json; charset=utf-8');
  return textOf(body);
}
