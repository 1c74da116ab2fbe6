import { createHash } from 'node:crypto';

export const BUCKETS = 1024;

/** Bucket of a tenant: the first 32 bits of SHA-256, modulo 1024. SQL computes the same. */
export const tenantBucket = (tenantId: string): number =>
  createHash('sha256').update(tenantId).digest().readUInt32BE(0) % BUCKETS;

/** The environment variable that holds a directory, the same for every process. */
export const SHARD_MAP = {
  name: 'SHARD_MAP',
  about: 'Buckets of each shard, and tenants that live elsewhere: shard:first-last[,…][,tenant=shard,…]',
  fallback: 's0:0-1023',
} as const;

/** Tenants whose shard is remembered at most. */
const KNOWN_MAX = 10_000;

/** Which shard holds which bucket, and the tenants that live elsewhere by exception. */
export class ShardDirectory {
  /** What was computed before: a hash a request is dear where every request asks. */
  private readonly known = new Map<string, string>();

  private constructor(
    private readonly buckets: readonly string[],
    private readonly pins: ReadonlyMap<string, string>,
    /** Every shard, in order of first mention. */
    readonly shards: readonly string[],
  ) {}

  /**
   * @param text `shard:first-last[,…]`, covering all 1024 buckets once, and `tenant=shard` for each tenant
   *   that lives elsewhere by exception.
   * @throws Error naming the bucket or shard that is wrong.
   */
  static parse(text: string): ShardDirectory {
    const parts = text.split(',').map((part) => part.trim());
    const buckets = parseBuckets(parts.filter((part) => !part.includes('=')));
    const shards = [...new Set(buckets)];
    const pins = new Map<string, string>();
    for (const pin of parts.filter((part) => part.includes('='))) {
      const at = pin.lastIndexOf('=');
      const shard = pin.slice(at + 1);
      if (!shards.includes(shard)) throw new Error(`a tenant is pinned to the unknown shard ${shard}`);
      pins.set(pin.slice(0, at), shard);
    }
    return new ShardDirectory(buckets, pins, shards);
  }

  shardOf(tenantId: string): string {
    const known = this.known.get(tenantId);
    if (known !== undefined) return known;
    const shard = this.pins.get(tenantId) ?? this.buckets[tenantBucket(tenantId)];
    if (shard === undefined) throw new Error('the directory has a hole');
    if (this.known.size >= KNOWN_MAX) this.known.clear();
    this.known.set(tenantId, shard);
    return shard;
  }
}

function parseBuckets(ranges: readonly string[]): readonly string[] {
  const buckets = new Array<string>(BUCKETS).fill('');
  for (const range of ranges) {
    const match = /^([a-z0-9-]{1,16}):(\d+)-(\d+)$/.exec(range);
    if (!match) throw new Error('must be shard:first-last[,…], a shard being 1 to 16 of a-z0-9-');
    const [, shard = '', first = '', last = ''] = match;
    for (let b = Number(first); b <= Number(last); b++) {
      if (b >= BUCKETS || buckets[b] !== '') throw new Error(`bucket ${b} does not exist or is given twice`);
      buckets[b] = shard;
    }
  }
  const missing = buckets.indexOf('');
  if (missing >= 0) throw new Error(`bucket ${missing} has no shard`);
  return buckets;
}
