import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { problemResponse } from './problem-response.js';
import type { WireError } from './wire-error.js';

const BY_CODE = new Map<string | undefined, WireError>(
  Object.entries({
    ERR_HTTP_REQUEST_TIMEOUT: { code: 'request_timeout', detail: 'The request did not arrive in time.' },
    HPE_HEADER_OVERFLOW: { code: 'headers_too_large', detail: 'The headers are larger than 16 KiB.' },
  } satisfies Record<string, WireError>),
);
const MALFORMED: WireError = {
  code: 'invalid_request',
  detail: 'This is not HTTP as the server understands it.',
};

/**
 * Answers what Node's parser refused, and closes the connection both ways: what was answered 408 has no effect,
 * so the rest of it must not be read when it comes after all.
 */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, headers, body } = problemResponse(BY_CODE.get(error.code) ?? MALFORMED, randomUUID());
  const lines = Object.entries({
    ...headers,
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  });
  socket.write(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\n${lines.map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n${body}`,
  );
  socket.destroySoon();
}
