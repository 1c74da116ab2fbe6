import { uuidToBytes, uuidV7, uuidV7Time } from '@spillway/contracts';

export interface ChangeOf {
  readonly postId: string;
  /** The version that the change builds on, if it says so. */
  readonly version: string | undefined;
  /** The gateway's clock, Unix milliseconds. */
  readonly now: number;
  /** How far ahead of `now` the post's time is at most. */
  readonly aheadMs: number;
}

/** What ids of changes are ordered by: their milliseconds, then the 17 bits behind. */
interface Place {
  readonly time: number;
  readonly order: number;
}

const ORDERS = 2 ** 17;

/**
 * The id of a change: a UUIDv7 later than its post's and than the version it builds on. Ids of changes to a
 * post have the order in which gateways took them, as far as their clocks agree, also while the post's time
 * is ahead: then they have the millisecond after the post's, and the gateway's time in the bits behind it.
 */
export function changeId({ postId, version, now, aheadMs }: ChangeOf): string {
  const time = Math.max(now, uuidV7Time(postId) + 1);
  const taken = { time, order: now - time + aheadMs + 1 };
  const next = version === undefined ? taken : after(version);
  return idAt(isBefore(taken, next) ? next : taken);
}

const isBefore = (a: Place, b: Place): boolean => a.time < b.time || (a.time === b.time && a.order < b.order);

/** The next place, and no later one: an edit without a version that is taken afterwards must come behind it. */
function after(version: string): Place {
  const [high = 0, middle = 0, low = 0] = uuidToBytes(version).subarray(6);
  const order = ((high & 0x0f) << 13) | (middle << 5) | ((low & 0x3e) >> 1);
  const time = uuidV7Time(version);
  return order + 1 < ORDERS ? { time, order: order + 1 } : { time: time + 1, order: 0 };
}

/** `order` stands in all of `rand_a` and the first five bits of `rand_b` (RFC 9562 §5.7, §6.2 method 3). */
function idAt({ time, order }: Place): string {
  const entropy = crypto.getRandomValues(new Uint8Array(10));
  entropy[0] = order >> 13;
  entropy[1] = order >> 5;
  entropy[2] = ((order & 0x1f) << 1) | ((entropy[2] ?? 0) & 1);
  return uuidV7(time, entropy);
}
