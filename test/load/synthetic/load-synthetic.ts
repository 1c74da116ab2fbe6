import { Client } from 'pg';
import { join } from 'node:path';
import { readStack } from '@spillway/testing';
import { REPO } from '../../stack/launcher.js';
import { copyPosts } from './copy-posts.js';

const YEAR_MS = 365 * 24 * 3600_000;

/** Fills a tenant of the running stack. @returns the exit code: 0 loaded, 2 no stack. */
export async function loadSynthetic(
  { posts, tenant }: { readonly posts: number; readonly tenant: string },
  log: (line: string) => void,
): Promise<number> {
  let primary: string;
  try {
    primary = readStack(process.env['SPILLWAY_STACK'] ?? join(REPO, '.local', 'stack.json')).urlOf(
      'postgres-primary',
    );
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)} Nothing was loaded.`);
    return 2;
  }
  const admin = new Client({ connectionString: primary });
  await admin.connect();
  try {
    for (let month = 0; month <= 12; month++)
      await admin.query(`SELECT ensure_partitions(now() - make_interval(months => $1))`, [month]);
    const to = Date.now();
    await copyPosts(primary, { tenant, posts, from: to - YEAR_MS, to, seed: to }, log);
    await admin.query('VACUUM (ANALYZE) posts, post_tags');
  } finally {
    await admin.end();
  }
  log(`${posts} posts of the tenant ${tenant} over the last year.`);
  return 0;
}
