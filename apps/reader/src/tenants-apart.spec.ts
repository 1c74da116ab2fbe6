import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { uuidV7 } from '@spillway/contracts';
import { migrate } from '@spillway/database';
import { EVENTUAL, type ReadScope } from '@spillway/database/read';
import { eventually } from '@spillway/testing';
import { findChanges } from './changes/find-changes.js';
import { findPosts } from './posts/find-posts.js';
import { selectByIds } from './posts/select-posts.js';
import { findMatches } from './search/find-matches.js';
import { openReaderFixture, type ReaderFixture } from './spec/reader-fixture.js';
import { findStats } from './stats/find-stats.js';
import { findTags } from './tags/find-tags.js';
import { findTop } from './top/find-top.js';

const READS = 1_000;
const POSTS = 12;

interface Team {
  readonly tenant: string;
  readonly ids: readonly string[];
  /** A number that only its counts have. */
  readonly mark: number;
}

describe('a thousand reads of several tenants over two connections', () => {
  let fixture: ReaderFixture;
  const teams: Team[] = [];

  beforeAll(async () => {
    fixture = await openReaderFixture({ migrate, poolMax: 2 });
    const hour = new Date(Math.floor(Date.now() / 3600_000) * 3600_000);
    for (let n = 0; n < 5; n++) {
      const tenant = await fixture.freshTenant();
      const rows = Array.from({ length: POSTS }, (_, i) => ({
        ...{ content: `common word of ${tenant}`, tags: ['common', tenant], channel: 'all' },
        ...{ id: uuidV7(Date.now() - i * 1_000), author: 'alice' },
      }));
      const ids = await fixture.store(tenant, ...rows);
      const mark = 1_000 + n;
      for (const statement of [
        `INSERT INTO post_search SELECT tenant_id, id, to_tsvector('simple', content) FROM posts WHERE tenant_id = $1`,
        `INSERT INTO post_changes (tenant_id, post_id, created) SELECT tenant_id, id, true FROM posts WHERE tenant_id = $1`,
      ])
        await fixture.database.query(statement, [tenant]);
      await fixture.database.query(
        `WITH s AS (INSERT INTO stats_totals VALUES ($1, $2, 0, 0)), t AS (INSERT INTO tag_counts VALUES ($1, $1, $2))
         INSERT INTO replies_hourly SELECT $1, $3, id, $2 FROM posts WHERE tenant_id = $1`,
        [tenant, mark, hour],
      );
      teams.push({ tenant, ids, mark });
    }
    await fixture.replayed();
  });
  afterAll(() => fixture.close());

  /** Each reads as `team` and returns what it saw, as texts that hold the tenant or its mark. */
  const kinds: ((scope: ReadScope, team: Team, other: Team) => Promise<readonly string[]>)[] = [
    async (scope, { tenant }) => {
      const query = { filter: { tenant, channelId: 'all', tag: 'common' }, limit: 20, now: Date.now() };
      return (await findPosts(scope, query)).posts.map(({ content }) => content);
    },
    async (scope, { tenant }) => {
      const query = { filter: { tenant, authorId: 'alice' }, limit: 5, now: Date.now() };
      return (await findPosts(scope, query)).posts.map(({ content }) => content);
    },
    // Asks for ids of another tenant, too.
    async (scope, { tenant, ids }, other) => {
      const asked = [...ids, ...other.ids].sort().reverse();
      const posts = await selectByIds(scope, asked, [], { filter: { tenant }, limit: 50 });
      return posts.map(({ content }) => content);
    },
    async (scope, { tenant }) =>
      (await findMatches(scope, { tenant, q: 'common', limit: 20, now: Date.now() })).matches.map(
        ({ post }) => post.content,
      ),
    async (scope, { tenant }) =>
      (await findTags(scope, tenant, '', undefined, 10)).map(({ tag, posts }) => `${tag} ${posts}`),
    async (scope, { tenant }) => [`stats ${(await findStats(scope, tenant, 0, Date.now())).totals.created}`],
    async (scope, { tenant }) =>
      (await findTop(scope, tenant, '1h', 10, Date.now())).map(
        ({ post, replies }) => `${post.content} ${replies}`,
      ),
    async (scope, { tenant }) =>
      ((await findChanges(scope, tenant, undefined, 20))?.changes ?? []).map(
        ({ post }) => post?.content ?? 'a post that this tenant does not see',
      ),
  ];

  it('sees rows of its own tenant only', async () => {
    const teamAt = (n: number): Team => {
      const team = teams[n % teams.length];
      if (!team) throw new Error('there are no teams');
      return team;
    };
    const seen = await Promise.all(
      Array.from({ length: READS }, async (_, n) => {
        const [team, other] = [teamAt(n), teamAt(n + 1 + (n % 4))];
        const kind = kinds[Math.floor(n / teams.length) % kinds.length];
        // So many at once are more than two connections can answer in time: those refused ask again.
        const value = await eventually(
          'the read is answered',
          async () => {
            const answer = fixture.reads.read(team.tenant, EVENTUAL, (scope) =>
              kind ? kind(scope, team, other) : Promise.resolve([]),
            );
            return (await answer).value;
          },
          { deadlineMs: 60_000, everyMs: 100 },
        );
        return { n, team, value };
      }),
    );
    for (const { n, team, value } of seen) {
      const foreign = value.filter((text) => !text.includes(team.tenant) && text !== `stats ${team.mark}`);
      expect([n, foreign, value.length > 0]).toEqual([n, [], true]);
    }
    const [{ sessions = 0 } = {}] = await fixture.database.query<{ sessions: number }>(
      `SELECT count(*)::int AS sessions FROM pg_stat_activity WHERE usename = 'reader' AND datname = current_database()
         AND application_name = 'spec reader'`,
    );
    expect(sessions).toBeLessThanOrEqual(2);
  }, 90_000);

  it('sees nothing of a tenant that it names but is not', async () => {
    const [one, two] = [teams[0], teams[1]];
    if (!one || !two) throw new Error('there are no teams');
    for (const [n, kind] of kinds.entries()) {
      const { value } = await fixture.reads.read(one.tenant, EVENTUAL, (scope) => kind(scope, two, one));
      expect([n, value.filter((text) => text !== 'stats 0')]).toEqual([n, []]);
    }
  });
});
