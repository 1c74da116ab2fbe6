import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { migrate, Router } from '@spillway/database';
import {
  createSpecDatabase,
  eventually,
  type LeakCheck,
  quietLogger,
  type SpecDatabase,
  watchLeaks,
} from '@spillway/testing';
import { purgeIdempotencyKeys } from './idempotency-purge.js';

const SHARD = 's0';

describe('idempotency keys past their time', () => {
  let leaks: LeakCheck;
  let database: SpecDatabase;
  let routers: Router[];

  beforeAll(async () => {
    leaks = watchLeaks();
    database = await createSpecDatabase('purge');
    await migrate(database.urlOf('migrator'));
    const nodes = new Map([[SHARD, [database.urlOf('writer')]]]);
    const options = { nodes, poolMax: 2, applicationName: 'spec purge', logger: quietLogger };
    routers = [1, 2].map(() => Router.open({ ...options, maxLagMs: 2_000, primaryReadShare: 1 }));
    await eventually('the primary is found', () => routers.every((router) => router.hasPrimaries));
  });
  afterAll(async () => {
    await Promise.all(routers.map((router) => router.close()));
    await database.drop();
    await leaks.expectNoLeaks();
  });

  const store = (age: string, count: number, author: string): Promise<unknown> =>
    database.query(
      `INSERT INTO idempotency (tenant_id, author_id, key_hash, body_hash, command_id, at)
       SELECT 'acme', $1, sha256(n::text::bytea), sha256('body'), gen_random_uuid(), now() - $2::interval
       FROM generate_series(1, $3) AS n`,
      [author, age, count],
    );
  const left = async (): Promise<Record<string, number>> => {
    const rows = await database.query<{ author_id: string; count: number }>(
      'SELECT author_id, count(*)::int FROM idempotency GROUP BY 1 ORDER BY 1',
    );
    return Object.fromEntries(rows.map(({ author_id, count }) => [author_id, count]));
  };
  const purge = (): Promise<number[]> =>
    Promise.all(routers.map((router) => purgeIdempotencyKeys(router, SHARD)));
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

  it('are deleted by two writers together, and no other', async () => {
    await store('26 hours', 2_500, 'old');
    await store('24 hours 30 minutes', 3, 'within the margin');
    await store('0 hours', 3, 'new');
    // A writer may find the last rows locked by the other, so that one more look ends it.
    const deleted = sum(await purge()) + sum(await purge());
    expect(deleted).toBe(2_500);
    expect(await left()).toEqual({ new: 3, 'within the margin': 3 });
  });

  it('are left when the writer stops', async () => {
    await store('26 hours', 1_500, 'old');
    const [router] = routers;
    if (!router) throw new Error('there is no router');
    expect(await purgeIdempotencyKeys(router, SHARD, () => false)).toBe(0);
    let looks = 0;
    expect(await purgeIdempotencyKeys(router, SHARD, () => ++looks === 1)).toBe(1_000);
    expect(await left()).toMatchObject({ old: 500 });
  });
});
