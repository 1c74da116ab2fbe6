import type { FastifyReply } from 'fastify';
import type { Page } from '@spillway/cache';
import { isUnchanged } from '../if-none-match.js';
import { traceAnswer } from '../served-by.js';

export const WEAK = /^W\//;

/** Writes the headers of a page, and answers with the text to send: none when the client has it already. */
export function sendPage(reply: FastifyReply, page: Page, known: string | undefined): string | undefined {
  const { etag, servedBy, lagMs, stale = false, ageSeconds, body } = page;
  traceAnswer(reply.request, page);
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
  return body;
}
