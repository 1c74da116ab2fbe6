import { Client } from 'pg';
import type { Bench } from '../bench.js';
import { caughtUp } from '../caught-up.js';
import { median } from '../measure/statistics.js';
import { copyPosts } from '../synthetic/copy-posts.js';
import { idFloor } from './page-script.js';

export const TENANT = 'synthetic';
const DAY_MS = 24 * 3600_000;
const YEAR_MS = 365 * DAY_MS;
const WINDOW_MS = 28 * DAY_MS;
const ROUNDS = 200;
/** Posts between two waits for the replica: its slot keeps 4 GB of log for it, and no more. */
const STEP = 1_000_000;

/** Medians in microseconds of each list at one size of the tenant. */
export interface Grown {
  readonly posts: number;
  readonly micros: Readonly<Record<string, number>>;
}

const from = (more: string): string =>
  `SELECT * FROM posts WHERE tenant_id = $1 AND id >= $2 AND id < $3 AND deleted_by IS NULL ${more} ORDER BY id DESC LIMIT 21`;
/** The reader's statements, and one that reads nothing. */
const LISTS: Readonly<Record<string, string>> = {
  nothing: 'SELECT $1::text, $2::uuid, $3::uuid',
  tenant: from(''),
  channel: from(`AND channel_id = 'channel-3'`),
  author: from(`AND author_id = 'author-3'`),
  tag: `SELECT p.* FROM post_tags t JOIN posts p ON p.tenant_id = t.tenant_id AND p.id = t.post_id AND p.id >= $2 AND p.id < $3
    WHERE t.tenant_id = $1 AND t.tag = 'tag-3' AND t.post_id >= $2 AND t.post_id < $3 AND p.deleted_by IS NULL
    ORDER BY t.post_id DESC LIMIT 21`,
};

/** Fills a tenant step by step, and times its lists on the replica after each. */
export async function growth(bench: Bench, sizes: readonly number[], url: string): Promise<readonly Grown[]> {
  const primary = bench.stack.urlOf('postgres-primary');
  const admin = new Client({ connectionString: primary });
  await admin.connect();
  const reader = new Client({ connectionString: url });
  await reader.connect();
  const grown: Grown[] = [];
  try {
    const to = Date.now();
    for (let month = 0; month <= 12; month++)
      await admin.query(`SELECT ensure_partitions(now() - make_interval(months => $1))`, [month]);
    let loaded = 0;
    for (const size of sizes) {
      while (loaded < size) {
        const posts = Math.min(STEP, size - loaded);
        const seed = (loaded += posts);
        await copyPosts(primary, { tenant: TENANT, posts, from: to - YEAR_MS, to, seed }, bench.log);
        await caughtUp(admin);
      }
      await admin.query('VACUUM (ANALYZE) posts');
      await admin.query('VACUUM (ANALYZE) post_tags');
      await caughtUp(admin);
      grown.push({ posts: size, micros: await timeLists(reader, to) });
      bench.log(`  ${size} posts: ${JSON.stringify(grown.at(-1)?.micros)}`);
    }
  } finally {
    await admin.end();
    await reader.end();
  }
  return grown;
}

/** All lists in turn, so that what disturbs meets all alike. */
async function timeLists(reader: Client, to: number): Promise<Readonly<Record<string, number>>> {
  const times = new Map(Object.keys(LISTS).map((name): [string, number[]] => [name, []]));
  const values = [TENANT, idFloor(to - WINDOW_MS), idFloor(to + DAY_MS)];
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, text] of Object.entries(LISTS)) {
      await reader.query('BEGIN READ ONLY');
      await reader.query(`SELECT set_config('app.tenant', $1, true)`, [TENANT]);
      const startedAt = performance.now();
      const { rowCount } = await reader.query(text, values);
      times.get(name)?.push((performance.now() - startedAt) * 1000);
      await reader.query('COMMIT');
      if (name === 'tenant' && rowCount !== 21) throw new Error(`a page had ${rowCount} posts instead of 21`);
    }
  }
  return Object.fromEntries([...times].map(([name, all]) => [name, Math.round(median(all))]));
}
