import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CreatePost } from '@spillway/contracts';
import type { Router, Scope } from '@spillway/database';
import { watchLeaks, type LeakCheck } from '@spillway/testing';
import { feedFixture, type FeedFixture } from '../feed/feed.fixture.js';
import { searchIn } from '../feed/index-changes.js';
import { lockPosts } from '../posts/locked-post.js';
import { findCommandIds } from '../posts/post.store.js';
import { earlierCreation } from './commands.js';
import { SHARD } from './writer-fixture.js';

const KNOWN = 2_000;
const FRESH = 400;
/** From the first transaction to beyond the last. */
const ALL = { from: '0', to: String(2n ** 62n) };

interface Plan {
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Join Filter'?: number;
  readonly 'Relation Name'?: string;
  readonly Plans?: readonly Plan[];
}

const nodesOf = (plan: Plan): readonly Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

/** The posts are newer than all that the planner knows of, as they always are when a batch is written. */
describe('what the writer looks up by key', () => {
  let leaks: LeakCheck;
  let feed: FeedFixture;
  let router: Router;
  let fresh: readonly CreatePost[];

  beforeAll(async () => {
    leaks = watchLeaks();
    feed = await feedFixture('lookups');
    router = await feed.openRouter('spec lookups');
    await feed.write(Array.from({ length: KNOWN }, () => earlierCreation('acme', {}, Date.now() - 60_000)));
    await feed.database.query('ANALYZE');
    await feed.database.query('DELETE FROM post_changes');
    fresh = Array.from({ length: FRESH }, () => earlierCreation('acme'));
    await feed.write(fresh);
  });
  afterAll(async () => {
    await feed.close();
    await leaks.expectNoLeaks();
  });

  /** The plan nodes of what `work` asks of posts, each as often as it ran. */
  const plansOf = async (work: (scope: Scope) => Promise<unknown>): Promise<readonly Plan[]> => {
    const seen: Plan[] = [];
    await router.onPrimary(SHARD, (scope) =>
      scope.transaction(async () => {
        await work({
          manager: scope.manager,
          transaction: (fn) => scope.transaction(fn),
          framed: (frame) => scope.framed(frame),
          query: async (text, parameters) => {
            if (!/\bposts\b/.test(text)) return scope.query(text, parameters);
            const [row] = await scope.query<{ 'QUERY PLAN': readonly { Plan: Plan }[] }>(
              `EXPLAIN (ANALYZE, FORMAT JSON) ${text}`,
              parameters,
            );
            seen.push(...(row?.['QUERY PLAN'] ?? []).flatMap(({ Plan }) => nodesOf(Plan)));
            return [];
          },
        });
      }),
    );
    return seen;
  };

  it.each<[string, (scope: Scope) => Promise<unknown>]>([
    ['words of posts', (scope) => searchIn(['simple']).derive(scope, ALL)],
    ['commands that made posts', (scope) => findCommandIds(scope, fresh)],
    ['posts to be changed', (scope) => lockPosts(scope, fresh)],
  ])('%s: one look-up a post', async (_, work) => {
    const nodes = await plansOf(work);
    const lookUps = nodes.filter((node) => node['Relation Name']?.startsWith('posts_') === true);
    expect(lookUps.reduce((sum, node) => sum + node['Actual Rows'] * node['Actual Loops'], 0)).toBe(FRESH);
    expect(lookUps.map((node) => node['Actual Loops'])).toContain(FRESH);
    expect(nodes.reduce((sum, node) => sum + (node['Rows Removed by Join Filter'] ?? 0), 0)).toBe(0);
  });
});
