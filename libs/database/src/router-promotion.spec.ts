import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, type PostgresNode } from '@spillway/testing';
import { classifySqlError } from './database-error.js';
import { atLeast, EVENTUAL, STRONG } from './freshness.js';
import type { Router } from './router.js';
import { findsNodes, hasPost, openClusterFixture, SHARD, TENANT, writePost } from './spec/cluster-fixture.js';
import type { ClusterFixture, Written } from './spec/cluster-fixture.js';

describe('a promotion under load', () => {
  let fixture: ClusterFixture;
  let writer: Router;
  let reader: Router;
  const written: Written[] = [];
  const unexpected: unknown[] = [];
  let promoted: PostgresNode | undefined;
  let reads = 0;
  let failedReads = 0;

  beforeAll(async () => {
    fixture = await openClusterFixture(2);
    writer = fixture.open('writer');
    reader = fixture.open('reader');
    await findsNodes(writer, 2);
    await findsNodes(reader, 2);
  }, 60_000);
  afterAll(() => fixture.close());

  it('loses no confirmed commit, and writers and readers follow it by themselves', async () => {
    const [old, ...replicas] = fixture.nodes;
    await old?.configure([`synchronous_standby_names = 'ANY 1 (*)'`]);
    let going = true;
    const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
    const write = async (): Promise<void> => {
      while (going) {
        await writePost(writer, 2_000).then(
          (post) => written.push(post),
          (error: unknown) => classifySqlError(error) !== 'transient' && unexpected.push(error),
        );
        await pause(2);
      }
    };
    const read = async (): Promise<void> => {
      while (going) {
        reads++;
        await reader
          .onReplica(SHARD, TENANT, EVENTUAL, hasPost('00000000-0000-0000-0000-000000000000'))
          .catch((error: unknown) => {
            failedReads++;
            if (classifySqlError(error) !== 'transient') unexpected.push(error);
          });
        await pause(2);
      }
    };
    const load = [write(), write(), write(), write(), read(), read()];
    await eventually('there is load', () => written.length > 200);
    await old?.kill();
    const before = written.length;
    const lost = performance.now();
    const received = await Promise.all(
      replicas.map(async (node) => {
        const [row] = await node.query<{ lsn: string }>(
          `SELECT (pg_last_wal_receive_lsn() - '0/0')::text AS lsn`,
        );
        return { node, lsn: BigInt(row?.lsn ?? 0) };
      }),
    );
    const [first, second] = received.sort((a, b) => Number(b.lsn - a.lsn)).map(({ node }) => node);
    promoted = first;
    await first?.query('SELECT pg_promote()');
    await second?.configure([`primary_conninfo = 'host=127.0.0.1 port=${first?.port} user=postgres'`]);
    await eventually('posts are written again', () => written.length > before + 50, { deadlineMs: 20_000 });
    expect(performance.now() - lost).toBeLessThan(10_000);
    await eventually('the other replica follows', () => reader.replicaLags.length === 1);
    going = false;
    await Promise.all(load);
    expect(unexpected).toEqual([]);
    expect(failedReads).toBe(0);
    expect(reads).toBeGreaterThan(100);
    const { value } = await reader.onReplica(SHARD, TENANT, STRONG, (scope) =>
      scope.query<{ id: string }>('SELECT id FROM posts WHERE tenant_id = $1', [TENANT]),
    );
    const stored = new Set(value.map(({ id }) => id));
    expect(written.filter(({ id }) => !stored.has(id))).toEqual([]);
  }, 90_000);

  it('a position of before means the new primary, one of after a replica again', async () => {
    const [early] = written;
    const late = await writePost(writer);
    if (!early) throw new Error('nothing was written');
    expect(late.position.timeline).toBe(early.position.timeline + 1);
    const before = await reader.onReplica(SHARD, TENANT, atLeast(early.position), hasPost(early.id));
    expect(before).toMatchObject({ value: true, servedBy: 'primary' });
    await eventually('a replica has it', async () => {
      const after = await reader.onReplica(SHARD, TENANT, atLeast(late.position), hasPost(late.id));
      expect(after.value).toBe(true);
      return after.servedBy !== 'primary';
    });
  }, 30_000);

  it('who was replaced is not taken back when it returns, not even while nobody else is there', async () => {
    const [old] = fixture.nodes;
    await old?.start();
    await old?.configure([`synchronous_standby_names = ''`]);
    await eventually('both routers look at it', async () => {
      const asking = await old?.query(
        `SELECT DISTINCT usename FROM pg_stat_activity WHERE usename IN ('writer', 'reader')`,
      );
      return asking?.length === 2;
    });
    await promoted?.kill();
    await eventually('there is no primary for either', () => !writer.hasPrimaries && !reader.hasPrimaries);
    await expect(writePost(writer, 3_000)).rejects.toThrow();
    await expect(
      reader.onReplica(SHARD, TENANT, STRONG, hasPost('00000000-0000-0000-0000-000000000000')),
    ).rejects.toThrow();
    await promoted?.start();
    await eventually('posts are written again', async () => {
      const { position } = await writePost(writer, 5_000);
      return position.timeline > 1;
    });
  }, 60_000);
});
