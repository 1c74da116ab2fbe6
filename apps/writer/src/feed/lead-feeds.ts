import type { Router } from '@spillway/database';
import { observe } from '@spillway/telemetry';
import type { WriterConfig } from '../config.js';
import type { Events } from '../events.js';
import type { Backlog } from './backlog.js';
import { COUNTS } from './count-changes.js';
import { followFeeds } from './follow-feed.js';
import { searchIn } from './index-changes.js';
import { keepFeedPurged } from './purge-feed.js';

/**
 * Everything behind the write path that is derived from the change feeds of this writer's shards, and
 * what is kept of them. Returns how to stop, which waits for the step under way.
 */
export function leadFeeds(
  router: Router,
  {
    shards,
    searchLanguages,
    feedKeepDays,
  }: Pick<WriterConfig, 'shards' | 'searchLanguages' | 'feedKeepDays'>,
  backlog: Pick<Backlog, 'waits'>,
  events: Events,
): () => Promise<void> {
  const derivations = [COUNTS, searchIn(searchLanguages)];
  const follower = followFeeds(router, shards, derivations, backlog, events);
  const stopPurge = keepFeedPurged(router, shards, feedKeepDays, events);
  const stopGauge = observe('feed_lag_seconds', () =>
    [...follower.lags].flatMap(([shard, lags]) =>
      derivations.map(({ cursor }) => ({ value: lags.get(cursor) ?? 0, labels: { shard, feed: cursor } })),
    ),
  );
  return async () => {
    stopPurge();
    stopGauge();
    await follower.stop();
  };
}
