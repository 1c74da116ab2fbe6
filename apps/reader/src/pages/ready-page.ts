import type { ReadyAnswer } from '@spillway/http';
import { VARY } from '../http-caching.js';
import { WEAK } from './send-page.js';

/** A page as it is sent from the cache while it has this age. */
export interface ReadyPage {
  readonly ageSeconds: number;
  readonly whole: ReadyAnswer;
  readonly unchanged: ReadyAnswer;
  /** Its ETag, as `If-None-Match` is compared. */
  readonly strongTag: string;
}

interface Content {
  readonly body: string;
  readonly etag: string;
}

/** @param before the same page at another age: its bytes are made once. */
export function readyPage({ body, etag }: Content, ageSeconds: number, before?: ReadyPage): ReadyPage {
  const bytes = before?.whole.body ?? Buffer.from(body).toString('latin1');
  const headers = [
    ...['vary', VARY, 'cache-control', 'private, no-cache'],
    ...['etag', etag, 'served-by', 'cache', 'age', String(ageSeconds)],
  ];
  const type = ['content-type', 'application/json; charset=utf-8', 'content-length', String(bytes.length)];
  return {
    ageSeconds,
    whole: { status: 200, headers: [...headers, ...type], body: bytes },
    unchanged: { status: 304, headers, body: '' },
    strongTag: etag.replace(WEAK, ''),
  };
}
