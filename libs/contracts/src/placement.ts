import { createHash } from 'node:crypto';

export const BUCKETS = 1024;

/** Bucket of a tenant: the first 32 bits of SHA-256, modulo 1024. SQL computes the same. */
export const tenantBucket = (tenantId: string): number =>
  createHash('sha256').update(tenantId).digest().readUInt32BE(0) % BUCKETS;

/** Which shard holds which bucket, and the tenants that live elsewhere by exception. */
export class ShardDirectory {
  private constructor(
    private readonly buckets: readonly string[],
    private readonly pins: ReadonlyMap<string, string>,
    /** Every shard, in order of first mention. */
    readonly shards: readonly string[],
  ) {}

  /**
   * @param map `shard:first-last[,…]`, covering all 1024 buckets once.
   * @param pins `tenant=shard[,…]`, may be empty.
   * @throws Error naming the bucket or shard that is wrong.
   */
  static parse(map: string, pins = ''): ShardDirectory {
    const buckets = new Array<string>(BUCKETS).fill('');
    for (const part of map.split(',')) {
      const match = /^([a-z0-9-]{1,16}):(\d+)-(\d+)$/.exec(part.trim());
      if (!match) throw new Error('must be shard:first-last[,…], a shard being 1 to 16 of a-z0-9-');
      const [, shard = '', first = '', last = ''] = match;
      for (let b = Number(first); b <= Number(last); b++) {
        if (b >= BUCKETS || buckets[b] !== '')
          throw new Error(`bucket ${b} does not exist or is given twice`);
        buckets[b] = shard;
      }
    }
    const missing = buckets.indexOf('');
    if (missing >= 0) throw new Error(`bucket ${missing} has no shard`);
    const shards = [...new Set(buckets)];
    const pinned = new Map<string, string>();
    for (const part of pins.split(',').filter(Boolean)) {
      const [tenant = '', shard = ''] = part.trim().split('=');
      if (!shards.includes(shard)) throw new Error(`a tenant is pinned to the unknown shard ${shard}`);
      pinned.set(tenant, shard);
    }
    return new ShardDirectory(buckets, pinned, shards);
  }

  shardOf(tenantId: string): string {
    const shard = this.pins.get(tenantId) ?? this.buckets[tenantBucket(tenantId)];
    if (shard === undefined) throw new Error('the directory has a hole');
    return shard;
  }
}
