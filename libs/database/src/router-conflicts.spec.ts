import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { eventually } from '@spillway/testing';
import { EVENTUAL } from './freshness.js';
import type { Router } from './router.js';
import {
  findsNodes,
  openClusterFixture,
  SHARD,
  TENANT,
  type ClusterFixture,
} from './spec/cluster-fixture.js';

const ENOUGH = 10;

describe('recovery conflicts', () => {
  let fixture: ClusterFixture;
  let reader: Router;
  let owner: Client;

  beforeAll(async () => {
    // A replica that ends whatever stands in the way of replay at once, and tells the primary nothing.
    fixture = await openClusterFixture(1, [
      [`max_standby_streaming_delay = 0`, `hot_standby_feedback = off`],
    ]);
    owner = new Client({ connectionString: fixture.nodes[0]?.urlOf('postgres') });
    await owner.connect();
    await owner.query('CREATE TABLE public.churn AS SELECT n FROM generate_series(1, 1000) AS n');
    await owner.query('GRANT SELECT ON public.churn TO reader');
    reader = fixture.open('reader', { primaryReadShare: 1 });
    await findsNodes(reader, 1);
    await eventually('the replica has the table', async () => {
      const { value, servedBy } = await reader.onReplica(SHARD, TENANT, EVENTUAL, (scope) =>
        scope.query<{ readable: boolean | null }>(
          `SELECT has_table_privilege(to_regclass('public.churn')::oid, 'SELECT') AS readable`,
        ),
      );
      return servedBy === 'replica-1' && value[0]?.readable === true;
    });
  }, 60_000);
  afterAll(async () => {
    await owner.end();
    await fixture.close();
  });
  const conflicts = async (): Promise<number> => {
    const rows = await fixture.nodes[1]?.query<{ n: number }>(
      `SELECT (confl_lock + confl_snapshot + confl_bufferpin + confl_deadlock)::int AS n
       FROM pg_stat_database_conflicts WHERE datname = 'spillway'`,
    );
    return rows?.[0]?.n ?? 0;
  };

  it('end reads on the replica all the time, and no client sees one', async () => {
    let going = true;
    const served = new Map<string, number>();
    const read = async (): Promise<void> => {
      while (going) {
        const { value, servedBy } = await reader.onReplica(SHARD, TENANT, EVENTUAL, (scope) =>
          scope.query<{ n: number }>('SELECT count(*)::int AS n, pg_sleep(0.03) FROM public.churn'),
        );
        expect(value[0]?.n).toBe(1000);
        served.set(servedBy, (served.get(servedBy) ?? 0) + 1);
      }
    };
    const readers = [read(), read(), read(), read()];
    try {
      await eventually(
        'reads are ended by conflicts',
        async () => {
          // A lock that replay must take, and rows that go: both kinds of conflict.
          await owner.query('BEGIN; LOCK TABLE public.churn IN ACCESS EXCLUSIVE MODE; COMMIT');
          await owner.query('UPDATE public.churn SET n = n');
          await owner.query('VACUUM public.churn');
          return (await conflicts()) >= ENOUGH;
        },
        { deadlineMs: 30_000, everyMs: 20 },
      );
    } finally {
      going = false;
      await Promise.all(readers);
    }
    expect(served.get('replica-1') ?? 0).toBeGreaterThan(0);
    expect(served.get('primary') ?? 0).toBeGreaterThan(0);
    // A conflict is nobody's fault: the replica is not left for it.
    expect(
      (await reader.onReplica(SHARD, TENANT, EVENTUAL, (scope) => scope.query('SELECT 1'))).servedBy,
    ).toBe('replica-1');
  }, 60_000);
});
