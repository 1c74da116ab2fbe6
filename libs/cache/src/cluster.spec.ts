import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { uuidV7 } from '@spillway/contracts';
import {
  eventually,
  type LeakCheck,
  quietLogger,
  type RedisCluster,
  startRedisCluster,
  watchLeaks,
} from '@spillway/testing';
import { CacheConnection } from './cache-connection.js';
import { clockOffsetMs } from './clock-offset.js';
import { Generations } from './generations.js';
import { IdempotencyKeys } from './idempotency-keys.js';
import { quotaKey, revokedKey } from './keys.js';
import { cacheProbe } from './probe.js';
import { QuotaGateways } from './quota-gateways.js';
import { QuotaLeases } from './quota-leases.js';
import { ResultWaits } from './result-waits.js';
import { Results, type Result } from './results.js';
import { RevocationList } from './revocation-list.js';
import { RevokedTokens } from './revoked-tokens.js';
import { WriterBeats } from './writer-beats.js';

const tenantId = `spec-${randomUUID()}`;
const SHARD = 's0';
const seconds = (): number => Math.floor(Date.now() / 1_000);
const completed: Result = {
  ended: 'completed',
  at: 1_760_000_000_000,
  position: { shard: SHARD, timeline: 1, lsn: '00000016b374d848' },
};

describe('a Redis Cluster of three masters', () => {
  let leaks: LeakCheck;
  let cluster: RedisCluster;
  let cache: CacheConnection;

  beforeAll(async () => {
    leaks = watchLeaks();
    cluster = await startRedisCluster();
    cache = CacheConnection.open({
      url: cluster.url,
      name: 'a spec',
      logger: quietLogger,
      deadlineMs: 2_000,
    });
    await eventually('the cluster answers', async () => (await cacheProbe(cache).check()).up, {
      deadlineMs: 15_000,
    });
  }, 60_000);
  afterAll(async () => {
    await cache.close();
    await cluster.stop();
    await leaks.expectNoLeaks();
  });
  const lease = (subject: string) =>
    new QuotaLeases(cache).take({
      subject: [tenantId, subject],
      window: 1,
      pool: 10_000,
      need: 1,
      part: 1_000_000,
      source: randomUUID(),
      held: 0,
      keepMs: 60_000,
    });

  it('keeps the results of a batch on all nodes, and wakes who waits at another one', async () => {
    const waits = new ResultWaits({ url: cluster.url, name: 'a spec', shards: [SHARD], idleMs: 1 });
    const results = new Results(cache);
    const entries = Array.from({ length: 300 }, () => ({ tenantId, commandId: uuidV7(), result: completed }));
    const commandId = entries[0]?.commandId ?? '';
    const waiting = waits.listen(commandId);
    const signal = new AbortController().signal;
    await eventually(
      'the news is heard',
      async () => {
        await results.put({
          shard: SHARD,
          entries,
          changed: new Set(entries.map((entry) => entry.commandId)),
        });
        return (await waiting.next(500, signal)) === 'ended';
      },
      { deadlineMs: 15_000 },
    );
    for (const entry of entries) expect(await results.get(tenantId, entry.commandId)).toEqual(completed);
    waiting.end();
    waits.close();
  });

  it('binds keys, leases quotas, counts gateways, hears writers and tells the time', async () => {
    const keys = new IdempotencyKeys(cache);
    for (let n = 0; n < 20; n++) {
      const hash = createHash('sha256').update(randomUUID()).digest('hex');
      const ref = { tenantId, authorId: `a${n}`, keyHash: hash };
      const request = { bodyHash: hash, commandId: uuidV7(), acceptedAt: Date.now() };
      expect(await keys.claim(ref, request, Date.now(), Date.now() + 1_000)).toEqual({ is: 'ours' });
      await keys.finish(ref, request.commandId);
      expect((await keys.claim(ref, request, Date.now(), Date.now() + 1_000)).is).toBe('done');
      expect(await lease(`a${n}`)).toMatchObject({ granted: 1, left: 9_999 });
    }
    const gateways = new QuotaGateways(cache, 'gateway-1');
    await gateways.beat();
    expect(gateways.count).toBe(1);
    const beats = new WriterBeats(cache);
    const stop = beats.keepBeating([SHARD], () => true);
    await eventually('the writer is heard', () => beats.isWritten(SHARD), { deadlineMs: 10_000 });
    stop();
    expect(Math.abs((await clockOffsetMs(cache)) ?? Number.NaN)).toBeLessThan(2_000);
    const generations = new Generations(cache);
    await generations.raise(tenantId, completed.position, { channels: ['c'], edited: true });
    expect(await generations.find(tenantId, 'tenant')).toEqual({ ok: true, value: completed.position });
  });

  it('loses no lease and no revocation while the slots that hold them move to another node', async () => {
    const tokens = new RevokedTokens(cache);
    await tokens.putAll(SHARD, [], seconds());
    const list = new RevocationList({ tokens, shards: [SHARD], logger: quietLogger });
    let [leased, revoked, refused, moving] = [0, 0, 0, true];
    const load = async (): Promise<void> => {
      while (moving && refused < 100) {
        const got = await lease('moving');
        if (got?.granted === 1) leased++;
        else refused++;
        const jti = `${revoked}`;
        if (await tokens.add(SHARD, [{ tenantId, jti, exp: seconds() + 60 }])) revoked++;
        else refused++;
        await list.refresh();
      }
    };
    const loading = load();
    try {
      const keys = [quotaKey([tenantId, 'moving'], 1), revokedKey(SHARD)];
      for (let round = 0; round < 3; round++) {
        for (const key of keys) {
          const owner = await cluster.ownerOf(key);
          const to = cluster.nodes.find((node) => node !== owner) ?? owner;
          expect(await cluster.moveSlotOf(key, to)).toBeGreaterThanOrEqual(1);
          expect(await cluster.ownerOf(key)).toBe(to);
        }
      }
      const before = leased;
      await eventually('it goes on', () => leased > before + 20, { deadlineMs: 15_000 });
    } finally {
      moving = false;
      await loading;
      await list.stop();
    }
    expect(refused).toBe(0);
    expect(await lease('moving')).toMatchObject({ left: 10_000 - leased - 1 });
    await list.refresh();
    expect([revoked > 20, list.size]).toEqual([true, revoked]);
  }, 60_000);

  it('goes on at two nodes while the third is gone, and with all of them when it is back', async () => {
    const own = CacheConnection.open({ url: cluster.url, name: 'a spec', logger: quietLogger });
    const owner = await cluster.ownerOf(revokedKey(SHARD));
    const ask = (key: string) => own.call((redis) => redis.exists(key));
    const elsewhere = await eventually('a key of another node', async () => {
      const key = randomUUID();
      return (await cluster.ownerOf(key)) === owner ? null : key;
    });
    await eventually('it answers', async () => (await ask(elsewhere)).ok);
    await owner.kill();
    const startedAt = performance.now();
    expect((await ask(revokedKey(SHARD))).ok).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    await eventually('the others answer', async () => (await ask(elsewhere)).ok, { deadlineMs: 15_000 });
    await owner.restart();
    await eventually(
      'all answer',
      async () => (await ask(revokedKey(SHARD))).ok && (await ask(elsewhere)).ok,
      {
        deadlineMs: 20_000,
      },
    );
    await own.close();
  }, 60_000);
});
