import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Client } from 'pg';
import { readStack, watchLeaks, type LeakCheck } from '@spillway/testing';
import { BUCKETS, ShardDirectory, tenantBucket } from './placement.js';

describe('tenantBucket', () => {
  let leaks: LeakCheck;
  let client: Client;
  beforeAll(async () => {
    leaks = watchLeaks();
    client = new Client({ connectionString: readStack().urlOf('postgres-primary') });
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await leaks.expectNoLeaks();
  });

  it('is the bucket that the database computes, for any tenant', async () => {
    const tenants = fc.sample(fc.stringMatching(/^[A-Za-z0-9_.:@-]{1,64}$/), 1000);
    const { rows } = await client.query<{ bucket: number }>(
      'SELECT tenant_bucket(tenant) AS bucket FROM unnest($1::text[]) WITH ORDINALITY AS t(tenant, n) ORDER BY n',
      [tenants],
    );
    expect(rows.map(({ bucket }) => bucket)).toEqual(tenants.map(tenantBucket));
  });

  it('spreads tenants over all buckets', () => {
    const used = new Set(Array.from({ length: 20_000 }, (_, n) => tenantBucket(`tenant-${n}`)));
    expect(used.size).toBe(BUCKETS);
  });
});

describe('ShardDirectory', () => {
  it('places every tenant on the shard of its bucket', () => {
    const directory = ShardDirectory.parse('s0:0-511, s1:512-1000,s2:1001-1023');
    expect(directory.shards).toEqual(['s0', 's1', 's2']);
    fc.assert(
      fc.property(fc.string(), (tenant) => {
        const bucket = tenantBucket(tenant);
        const shard = bucket <= 511 ? 's0' : bucket <= 1000 ? 's1' : 's2';
        expect(directory.shardOf(tenant)).toBe(shard);
      }),
    );
  });

  it('lets a shard hold several ranges', () => {
    expect(ShardDirectory.parse('s0:0-9,s1:10-1013,s0:1014-1023').shards).toEqual(['s0', 's1']);
  });

  it('places a pinned tenant elsewhere, and only that one', () => {
    const map = 's0:0-1023';
    const two = 's0:0-1022,s1:1023-1023';
    expect(ShardDirectory.parse(`${map},acme=s0`).shardOf('acme')).toBe('s0');
    const directory = ShardDirectory.parse(`${two}, acme=s1, big.co=s1`);
    expect(directory.shardOf('acme')).toBe('s1');
    expect(directory.shardOf('big.co')).toBe('s1');
    expect(directory.shardOf('acme2')).toBe('s0');
  });

  it.each([
    ['a hole', 's0:0-10,s1:12-1023', 'bucket 11 has no shard'],
    ['an overlap', 's0:0-10,s1:10-1023', 'bucket 10 does not exist or is given twice'],
    ['a bucket too many', 's0:0-1024', 'bucket 1024 does not exist'],
    ['a range backwards', 's0:1023-0', 'bucket 0 has no shard'],
    ['no range', 's0', 'must be shard:first-last'],
    ['a name that could not stand in a queue', 'S 0:0-1023', 'must be shard:first-last'],
    ['nothing', '', 'must be shard:first-last'],
    ['an endless range', 's0:0-99999999999999', 'bucket 1024 does not exist'],
  ])('refuses a map with %s', (_what, map, message) => {
    expect(() => ShardDirectory.parse(map)).toThrow(message);
  });

  it.each([
    ['acme=s9', 'unknown shard'],
    ['acme=', 'unknown shard'],
    ['acme', 'must be shard:first-last'],
  ])('refuses the pin %s', (pin, message) => {
    expect(() => ShardDirectory.parse(`s0:0-1023,${pin}`)).toThrow(message);
  });
});
