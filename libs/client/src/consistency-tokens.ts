/** The readable part of a consistency token: `c1.key.shard.timeline.lsn.expiry.mac`. Only the service can make one. */
const FORM =
  /^c1\.[a-z0-9]\.([a-z0-9-]{1,16})\.([0-9a-f]{1,8})\.([0-9a-f]{16})\.[0-9a-z]{1,10}\.[A-Za-z0-9_-]{22}$/;

interface Place {
  readonly shard: string;
  readonly timeline: number;
  readonly lsn: string;
}

function placeOf(token: string): Place | null {
  const [, shard, timeline, lsn] = FORM.exec(token) ?? [];
  return shard === undefined || timeline === undefined || lsn === undefined
    ? null
    : { shard, timeline: Number.parseInt(timeline, 16), lsn };
}

/**
 * Of two tokens the one to send, so that the answer contains both commits: on one shard the later
 * timeline, then the greater position. Tokens of different shards cannot be compared: then it is `b`,
 * the one learnt last (a client whose tenant was moved); who speaks for several tenants keeps a
 * `ConsistencyTokens`. A token that cannot be read counts as none.
 */
export function newestToken(a: string | undefined, b: string | undefined): string | undefined {
  const placeA = a === undefined ? null : placeOf(a);
  const placeB = b === undefined ? null : placeOf(b);
  if (!placeA) return placeB ? b : undefined;
  if (!placeB || (placeA.shard === placeB.shard && isLater(placeA, placeB))) return a;
  return b;
}

const isLater = (a: Place, b: Place): boolean =>
  a.timeline === b.timeline ? a.lsn > b.lsn : a.timeline > b.timeline;

/** The newest token of every shard that was heard of. Holds one token per shard and nothing else. */
export class ConsistencyTokens {
  private readonly byShard = new Map<string, string>();
  private last: string | undefined;

  /** Remembers a token, if it is newer than the one of its shard. Undefined and unreadable ones are ignored. */
  add(token: string | undefined): void {
    const place = token === undefined ? null : placeOf(token);
    if (!place) return;
    const newest = newestToken(this.byShard.get(place.shard), token);
    if (newest !== undefined) this.byShard.set(place.shard, newest);
    this.last = place.shard;
  }

  /** The newest token of `shard`; without one, of the shard heard of last. */
  newest(shard: string | undefined = this.last): string | undefined {
    return shard === undefined ? undefined : this.byShard.get(shard);
  }
}
