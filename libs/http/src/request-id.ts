import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const FORM = /^[A-Za-z0-9-]{1,64}$/;

/** The edge's `X-Request-Id` when it is a harmless name, else a new one. */
export function requestIdOf(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && FORM.test(given) ? given : randomUUID();
}
