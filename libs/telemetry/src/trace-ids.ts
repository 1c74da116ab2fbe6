import { randomFillSync } from 'node:crypto';

const POOL_BYTES = 4096;
const TRACE_BYTES = 16;
const SPAN_BYTES = 8;

/** Random bytes are drawn in bulk: drawing a few costs as much as drawing thousands. */
const pool = Buffer.alloc(POOL_BYTES);
let used = POOL_BYTES;

function randomHex(bytes: number): string {
  if (used + bytes > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
}

/** 16 random bytes in hex. All zero, which W3C Trace Context forbids, is as likely as a collision. */
export const newTraceId = (): string => randomHex(TRACE_BYTES);
/** 8 random bytes in hex. */
export const newSpanId = (): string => randomHex(SPAN_BYTES);

let promised: string | undefined;

/** Runs `start`, in which the next trace that begins has the id `traceId`. */
export function withTraceId<T>(traceId: string, start: () => T): T {
  promised = traceId;
  try {
    return start();
  } finally {
    promised = undefined;
  }
}

/** The SDK's source of ids. */
export const idGenerator = {
  generateTraceId: (): string => promised ?? newTraceId(),
  generateSpanId: newSpanId,
};
