import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { uuidV7 } from '@spillway/contracts';
import { migrate } from '@spillway/database';
import { EVENTUAL } from '@spillway/database/read';
import { openReaderFixture, type ReaderFixture, type Row } from '../spec/reader-fixture.js';
import { findMatches } from './find-matches.js';
import { snippetParts } from './snippet.js';

const DAY_MS = 24 * 3600_000;

describe('search', () => {
  let fixture: ReaderFixture;
  let tenant: string;

  beforeAll(async () => {
    fixture = await openReaderFixture({ migrate });
    await fixture.database.query(
      `UPDATE feed_cursors SET languages = '{simple,english}' WHERE name = 'search'`,
    );
  });
  afterAll(() => fixture.close());
  beforeEach(async () => {
    tenant = await fixture.freshTenant();
  });

  const store = async (...rows: Row[]): Promise<string[]> => {
    const ids = await fixture.store(tenant, ...rows);
    await fixture.database.query(
      `INSERT INTO post_search (tenant_id, id, tsv)
       SELECT tenant_id, id, to_tsvector('simple', content) || to_tsvector('english', content)
       FROM posts WHERE id = ANY($1::uuid[])`,
      [ids],
    );
    await fixture.replayed();
    return ids;
  };
  const search = async (q: string, limit = 10, before?: string) => {
    const query = { tenant, q, limit, before, now: Date.now() };
    return (await fixture.reads.read(tenant, EVENTUAL, (scope) => findMatches(scope, query))).value;
  };
  const ids = async (q: string): Promise<string[]> => (await search(q)).matches.map(({ post }) => post.id);

  it('finds words, phrases, one or the other, and leaves out', async () => {
    const [a, b, c] = await store(
      { content: 'The quick brown fox jumps' },
      { content: 'A brown dog sleeps' },
      { content: 'Foxes were jumping over dogs' },
    );
    expect(await ids('brown')).toEqual([b, a]);
    expect(await ids('"brown fox"')).toEqual([a]);
    expect(await ids('jump')).toEqual([c, a]);
    expect(await ids('brown -dog')).toEqual([a]);
    expect(await ids('quick or sleeps')).toEqual([b, a]);
    expect(await ids('cat')).toEqual([]);
    for (const odd of ['the', '"', '-', '& | !', ' ', "'; DROP TABLE posts; --", '\u0001'])
      expect(await ids(odd)).toEqual(odd === 'the' ? [a] : []);
  });

  it('page by page, newest first, over months, without what was deleted', async () => {
    const now = Date.now();
    const times = [0, 1, 2, 27, 28, 60, 400].map((days) => now - days * DAY_MS);
    await fixture.database.query(
      'SELECT ensure_partitions(to_timestamp(m / 1000.0)) FROM unnest($1::bigint[]) AS m',
      [times],
    );
    const stored = await store(...times.map((time): Row => ({ id: uuidV7(time), content: 'needle in hay' })));
    await store({ content: 'needle', deleted: true }, { content: 'needle', tenant: `${tenant}-other` });
    for (const limit of [1, 3, 100]) {
      const all: string[] = [];
      for (let before: string | undefined; ;) {
        const { matches, next } = await search('needle', limit, before);
        all.push(...matches.map(({ post }) => post.id));
        if (next === null) break;
        before = next;
      }
      expect(all).toEqual(stored);
    }
  });

  it('shows where the words stand, as text that no content can forge', async () => {
    const marks = '\u0002not a match\u0003';
    await store({ content: `${'hay '.repeat(60)}<b>needles</b> ${marks} ${'hay '.repeat(60)}` });
    const [match] = (await search('needle')).matches;
    const parts = snippetParts(match?.marked ?? '');
    expect(parts.filter((part) => part.match)).toEqual([{ text: 'needles', match: true }]);
    const text = parts.map((part) => part.text).join('');
    expect(text).toContain('not a match');
    expect(text).not.toMatch(/[\u0002\u0003]/);
    expect(text.length).toBeLessThan(400);
  });

  it('makes a snippet of a bounded piece of a post', async () => {
    await store({ content: `${'hay '.repeat(2_000)}needle` });
    const started = performance.now();
    const [match] = (await search('needle')).matches;
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(snippetParts(match?.marked ?? '').some((part) => part.match)).toBe(false);
    expect(match?.marked).toContain('hay');
  });
});
