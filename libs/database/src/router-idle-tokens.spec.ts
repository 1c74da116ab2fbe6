import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { reaches, type Position } from '@spillway/contracts';
import { eventually } from '@spillway/testing';
import { atLeast } from './freshness.js';
import { NODE_POSITION, positionIn, type NodePositionRow } from './position.js';
import type { Router } from './router.js';
import {
  findsNodes,
  openClusterFixture,
  SHARD,
  TENANT,
  type ClusterFixture,
} from './spec/cluster-fixture.js';

const BURSTS = 200;
const SESSIONS = 10;
const COMMITS_EACH = 10;
const PAGE = 8192n;

/** A position that a standby can never reach would be asked for for ever once nothing is written any more. */
describe('on an idle primary', () => {
  let fixture: ClusterFixture;
  let reader: Router;
  const sessions: Client[] = [];

  beforeAll(async () => {
    fixture = await openClusterFixture(1);
    // Background writers would add to the log what makes every position reachable after all.
    await fixture.nodes[0]?.query('ALTER SYSTEM SET autovacuum = off');
    await fixture.nodes[0]?.query('SELECT pg_reload_conf()');
    for (let n = 0; n < SESSIONS; n++) {
      const session = new Client({ connectionString: fixture.nodes[0]?.urlOf('postgres') });
      await session.connect();
      sessions.push(session);
    }
    await sessions[0]?.query('CREATE TABLE public.ticks (n bigint GENERATED ALWAYS AS IDENTITY)');
    reader = fixture.open('reader', { maxLagMs: 10_000 });
    await findsNodes(reader, 1);
  }, 60_000);
  afterAll(async () => {
    await Promise.all(sessions.map((session) => session.end()));
    await fixture.close();
  });

  /** One commit, then the position as a writer takes it, in one round trip. */
  const commit = async (
    session: Client,
    change = 'INSERT INTO public.ticks DEFAULT VALUES',
  ): Promise<Position> => {
    const answers: unknown = await session.query(`BEGIN; ${change}; COMMIT; ${NODE_POSITION}`);
    const last = (answers as { rows: NodePositionRow[] }[]).at(-1);
    return positionIn(last?.rows ?? [], SHARD);
  };
  /** Milliseconds until a replica answers at a position. */
  const satisfied = async (position: Position): Promise<number> => {
    const startedAt = performance.now();
    await eventually(
      'a replica has reached the position',
      async () => {
        const { servedBy, value } = await reader.onReplica(
          SHARD,
          TENANT,
          atLeast(position),
          async (scope) => {
            await scope.query('SELECT 1');
            return scope.seenPosition();
          },
        );
        return servedBy === 'replica-1' && reaches(value, position);
      },
      { deadlineMs: 5_000, everyMs: 5 },
    );
    return performance.now() - startedAt;
  };

  it('20 000 positions, each of a commit of its own, are reached within a second', async () => {
    let slowestMs = 0;
    let positions = 0;
    for (let burst = 0; burst < BURSTS; burst++) {
      const taken = await Promise.all(
        sessions.map(async (session) => {
          const own: Position[] = [];
          for (let n = 0; n < COMMITS_EACH; n++) own.push(await commit(session));
          return own;
        }),
      );
      // Nobody writes now. Whoever has reached the last has reached all of this burst.
      const all = taken.flat();
      const last = all.reduce((a, b) => (a.lsn > b.lsn ? a : b));
      slowestMs = Math.max(slowestMs, await satisfied(last));
      positions += all.length;
    }
    expect(positions).toBe(BURSTS * SESSIONS * COMMITS_EACH);
    expect(slowestMs).toBeLessThan(1_000);
  }, 120_000);

  it('so are those of commits that end with a page of the log, where the insert position is beyond reach', async () => {
    const [session] = sessions;
    if (!session) throw new Error('there is no session');
    const lsn = async (name: string): Promise<bigint> => {
      const { rows } = await session.query<{ at: string }>(`SELECT (${name}() - '0/0')::text AS at`);
      return BigInt(rows[0]?.at ?? 0);
    };
    const message = (bytes: bigint): string =>
      `SELECT pg_logical_emit_message(true, 'pad', repeat('x', ${bytes}))`;
    let beyond = 0;
    let overhead = 0n;
    for (let n = 0; n < 200 && beyond < 20; n++) {
      const before = await lsn('pg_current_wal_insert_lsn');
      const room = PAGE - (before % PAGE);
      const pad = overhead > 0n && room > overhead + 64n ? room - overhead : 1_000n;
      const position = await commit(session, message(pad));
      const after = await lsn('pg_current_wal_insert_lsn');
      const flushed = await lsn('pg_current_wal_flush_lsn');
      if (after > flushed && flushed % PAGE === 0n) {
        beyond++;
        expect(await satisfied(position)).toBeLessThan(1_000);
      } else if (pad === 1_000n && before / PAGE === after / PAGE) overhead = after - before - pad;
    }
    expect(beyond).toBe(20);
  }, 60_000);
});
