import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { uuidV7 } from '@spillway/contracts';
import { migrate } from '@spillway/database';
import { atLeast, EVENTUAL, STRONG, type Freshness } from '@spillway/database/read';
import { insertPosts, openReaderFixture, type ReaderFixture, type Row } from '../spec/reader-fixture.js';
import { issueCursor } from './cursor.js';
import { cursorOf } from './cursor-of.js';
import { findPosts } from './find-posts.js';
import type { PostFilter } from './post-filter.js';

const SPAN_MS = 40 * 24 * 3600_000;
const BEFORE = 300;
const LATE_PER_PAGE = 5;

describe('a walk over all pages, while posts arrive late', () => {
  let fixture: ReaderFixture;
  let tenant: string;

  beforeAll(async () => {
    fixture = await openReaderFixture({ migrate });
    await fixture.database.query(
      `SELECT ensure_partitions(now() - n * interval '1 month') FROM generate_series(0, 2) n`,
    );
  });
  afterAll(() => fixture.close());
  beforeEach(async () => {
    tenant = await fixture.freshTenant();
  });

  const somewhen = (): Row => ({
    id: uuidV7(Date.now() - randomInt(0, SPAN_MS)),
    author: randomInt(0, 2) === 0 ? 'alice' : 'bob',
    tags: ['x'],
  });

  it.each<[string, Omit<PostFilter, 'tenant'>]>([
    ['without a filter', {}],
    ['by author', { authorId: 'alice' }],
    ['by tag', { tag: 'x' }],
    ['by tag and author', { tag: 'x', authorId: 'alice' }],
  ])('%s keeps what docs/API.md promises', async (_name, more) => {
    const filter = { tenant, ...more };
    const matches = ({ author }: Row): boolean => more.authorId === undefined || author === more.authorId;
    const rows = Array.from({ length: BEFORE }, somewhen);
    await fixture.store(tenant, ...rows);
    /** Ids of late posts by the place of the walk at which they had committed. */
    const late: { readonly id: string; readonly before: string | undefined }[] = [];
    const walked: string[] = [];
    let text: string | undefined;
    do {
      const cursor = cursorOf(fixture.keys.cursor, tenant, text);
      const freshness: Freshness = cursor ? atLeast(cursor.position) : randomInt(0, 2) ? EVENTUAL : STRONG;
      const { value } = await fixture.reads.read(tenant, freshness, async (scope) => ({
        ...(await findPosts(scope, { filter, before: cursor?.last, limit: 7, now: Date.now() })),
        position: await scope.seenPosition(),
      }));
      const { posts, next, position } = value;
      walked.push(...posts.map(({ id }) => id));
      text = next === null ? undefined : issueCursor(fixture.keys.cursor, tenant, { last: next, position });
      const arriving = Array.from({ length: LATE_PER_PAGE }, somewhen);
      await insertPosts(fixture.database, tenant, arriving);
      // What the next page must have seen: its reader is as far as this.
      await fixture.replayed();
      late.push(...arriving.filter(matches).map(({ id = '' }) => ({ id, before: next ?? undefined })));
    } while (text !== undefined);

    expect(walked).toEqual([...walked].sort().reverse());
    expect(new Set(walked).size).toBe(walked.length);
    const seen = new Set(walked);
    const missed = rows.filter((row) => matches(row) && !seen.has(row.id ?? ''));
    expect(missed).toEqual([]);
    // A late post comes exactly when its id lies below the cursor at which it had committed.
    for (const { id, before } of late)
      expect([id, seen.has(id)]).toEqual([id, before !== undefined && id < before]);
    expect(late.some(({ id }) => seen.has(id)) && late.some(({ id }) => !seen.has(id))).toBe(true);
  });
});
