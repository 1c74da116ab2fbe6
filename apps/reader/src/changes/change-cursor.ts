import { uuidFromBytes, uuidToBytes } from '@spillway/contracts';
import type { SigningKeys } from '@spillway/contracts/server';
import { signBytes, signedBytes } from '../signed-bytes.js';

/** A place in a shard's change feed: behind this post of this transaction. */
export interface FeedPlace {
  /** The newest timeline that the feed knew; transaction ids of others cannot be compared beyond its start. */
  readonly timeline: number;
  /** A 64-bit transaction id. */
  readonly xid: bigint;
  readonly postId: string;
}

/** Less than any post's id: the place before a transaction. */
export const NO_POST = '00000000-0000-0000-0000-000000000000';
const BYTES = 4 + 8 + 16;

const scopeOf = (shard: string, tenant: string): string => JSON.stringify(['changes', shard, tenant]);

export function issueChangeCursor(
  keys: SigningKeys,
  shard: string,
  tenant: string,
  place: FeedPlace,
): string {
  const bytes = Buffer.alloc(BYTES);
  bytes.writeUInt32BE(place.timeline);
  bytes.writeBigUInt64BE(place.xid, 4);
  bytes.set(uuidToBytes(place.postId), 12);
  return signBytes(keys, scopeOf(shard, tenant), bytes);
}

/** The place, or null when the cursor is not one of this tenant's on this shard. */
export function readChangeCursor(
  keys: SigningKeys,
  shard: string,
  tenant: string,
  text: string,
): FeedPlace | null {
  const bytes = signedBytes(keys, scopeOf(shard, tenant), text);
  if (bytes?.length !== BYTES) return null;
  return {
    timeline: bytes.readUInt32BE(),
    xid: bytes.readBigUInt64BE(4),
    postId: uuidFromBytes(bytes.subarray(12)),
  };
}
