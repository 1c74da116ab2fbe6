/** The beginning of an answer, as far as the load needs it. */
export interface AnswerHead {
  readonly status: number;
  /** Bytes of head and body together. */
  readonly bytes: number;
  /** The server closes the connection after it. */
  readonly closes: boolean;
}

const HEAD_END = Buffer.from('\r\n\r\n');
/** Answers that never have a body (RFC 9110 §6.4.1). */
const BODILESS = [204, 304];

/**
 * Reads the head of an HTTP/1.1 answer: only what our servers and nginx send.
 * @returns null while the head is incomplete. @throws Error when its length is not given.
 */
export function readAnswerHead(received: Buffer): AnswerHead | null {
  const end = received.indexOf(HEAD_END);
  if (end === -1) return null;
  const head = received.toString('latin1', 0, end);
  const status = Number(head.slice(9, 12));
  const length = BODILESS.includes(status) ? '0' : /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined || !head.startsWith('HTTP/1.1 '))
    throw new Error(`an answer without a length: ${head.slice(0, 60)}`);
  return {
    status,
    bytes: end + HEAD_END.length + Number(length),
    closes: /\r\nconnection: *close/i.test(head),
  };
}
