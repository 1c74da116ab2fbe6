import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Command, CreatePost, EditPost } from '@spillway/contracts';
import { deletion, edit } from '../spec/commands.js';
import { shuffled } from '../spec/writer-fixture.js';
import { changesFixture, type ChangesFixture } from './changes.fixture.js';

describe('edits and deletions of the same posts', () => {
  let fixture: ChangesFixture;
  let create: ChangesFixture['create'];
  let database: ChangesFixture['database'];
  let other: ChangesFixture['other'];
  let tenant: ChangesFixture['tenant'];
  let write: ChangesFixture['write'];

  beforeAll(async () => {
    fixture = await changesFixture('changes');
    ({ create, database, other, tenant, write } = fixture);
  });
  afterAll(() => fixture.close());

  it('by two writers in any order: no deadlock, and the latest edit stands', async () => {
    for (let round = 0; round < 6; round++) {
      const posts = Array.from({ length: 100 }, () => create());
      expect(new Set(await write(posts))).toEqual(new Set(['committed']));
      const editsOf = (first: number): EditPost[] =>
        posts.flatMap((post) =>
          [first, first + 2].map((n) => edit(post, n, { content: `${n}`, tags: [`t${n}`] })),
        );
      const both = await Promise.all([write(shuffled(editsOf(1))), write(shuffled(editsOf(2)), other)]);
      expect(both.flat().filter((said) => said !== 'committed' && said !== 'superseded')).toEqual([]);
      const rows = await database.query(
        `SELECT content, tags, count(*)::int FROM posts WHERE tenant_id = $1 AND id = ANY($2) GROUP BY 1, 2`,
        [tenant, posts.map(({ postId }) => postId)],
      );
      expect(rows).toEqual([{ content: '4', tags: ['t4'], count: 100 }]);
      const tags = await database.query(
        `SELECT tag, count(*)::int FROM post_tags WHERE tenant_id = $1 AND post_id = ANY($2) GROUP BY 1`,
        [tenant, posts.map(({ postId }) => postId)],
      );
      expect(tags).toEqual([{ tag: 't4', count: 100 }]);
    }
  });

  it('crosswise, one writer editing what the other deletes: no deadlock', async () => {
    for (let round = 0; round < 8; round++) {
      const posts = Array.from({ length: 100 }, () => create());
      expect(new Set(await write(posts))).toEqual(new Set(['committed']));
      const [left, right] = [posts.slice(0, 50), posts.slice(50)];
      const crossed = (edited: readonly CreatePost[], deleted: readonly CreatePost[]): Command[] => [
        ...edited.map((post) => edit(post, 1, { content: 'edited' })),
        ...deleted.map((post) => deletion(post, 2)),
      ];
      const both = await Promise.all([
        write(crossed(left, right)),
        write(crossed(right, left).reverse(), other),
      ]);
      expect(both.flat().filter((said) => said !== 'committed' && said !== 'superseded')).toEqual([]);
    }
  });
});
