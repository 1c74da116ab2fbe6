import { setTimeout as delay } from 'node:timers/promises';
import type { Router } from '@spillway/database';
import type { Events } from '../events.js';
import type { Backlog } from './backlog.js';
import type { Derivation } from './derivation.js';
import { feedStep } from './feed-step.js';

/** How long nothing to do, another leader, and a failure are left alone. */
const IDLE_MS = 400;
const FOLLOWS_MS = 1_000;
const FAILED_MS = 1_000;

/** The oldest change that each derivation lacks, and whether it may be taken: not before older transactions are over. */
const WAITING = `
  SELECT c.name, extract(epoch FROM clock_timestamp() - w.at)::float8 AS seconds,
    w.xid < pg_snapshot_xmin(pg_current_snapshot()) AS ready
  FROM feed_cursors c
  CROSS JOIN LATERAL (
    SELECT p.at, p.xid FROM post_changes p WHERE p.xid >= c.xid ORDER BY p.xid LIMIT 1
  ) AS w
  WHERE c.name <> 'purged'`;

/** How far behind the derivations of a shard are, in seconds, as this writer last saw it, whatever holds them back. */
export type FeedLags = ReadonlyMap<string, number>;

export interface FeedFollower {
  /** By shard, then by cursor. */
  readonly lags: ReadonlyMap<string, FeedLags>;
  /** Ends the step under way, and no other begins. */
  stop(): Promise<void>;
}

/**
 * Takes part in following the change feeds: whichever writer holds the lock at the moment leads, and
 * when it dies in the middle of a step the next one begins that step anew.
 */
export function followFeeds(
  router: Router,
  shards: readonly string[],
  derivations: readonly Derivation[],
  backlog: Pick<Backlog, 'waits'>,
  events: Events,
): FeedFollower {
  const stopping = new AbortController();
  const lags = new Map<string, FeedLags>();
  const follow = async (shard: string): Promise<void> => {
    let failures = 0;
    while (!stopping.signal.aborted) {
      let pause = IDLE_MS;
      try {
        const lacking = await lackedBy(router, shard);
        lags.set(shard, new Map(lacking.map(({ name, seconds }) => [name, seconds])));
        const waiting = derivations.filter(({ cursor, putOffSeconds }) =>
          lacking.some(
            ({ name, seconds, ready }) =>
              name === cursor && ready && (seconds >= putOffSeconds || !backlog.waits(shard)),
          ),
        );
        const results = [];
        for (const derivation of waiting) results.push(await feedStep(router, shard, derivation));
        if (results.includes('more')) pause = 0;
        else if (results.includes('follows')) pause = FOLLOWS_MS;
        failures = 0;
      } catch (error) {
        // Once may be a primary not found yet, or one that changes.
        if (++failures === 2) events.feedLate(shard, error);
        pause = FAILED_MS;
      }
      await delay(pause, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const following = Promise.all(shards.map(follow));
  return {
    lags,
    async stop() {
      stopping.abort();
      await following;
    },
  };
}

interface Lacking {
  readonly name: string;
  readonly seconds: number;
  readonly ready: boolean;
}

const lackedBy = (router: Router, shard: string): Promise<readonly Lacking[]> =>
  router.onPrimary(shard, (scope) => scope.query<Lacking>(WAITING));
