import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  uuidV7,
  uuidV7Time,
  type Actor,
  type Command,
  type CreatePost,
  type DeletePost,
  type EditPost,
} from '@spillway/contracts';
import {
  batchOfCommands,
  shown,
  shuffled,
  type WriterFixture,
  writerFixture,
} from '../spec/writer-fixture.js';
import { BatchWriter } from './batch-writer.js';

describe('edits and deletions', () => {
  let fixture: WriterFixture;
  let writer: BatchWriter;
  let other: BatchWriter;
  const tenant = `spec-${randomUUID()}`;

  beforeAll(async () => {
    fixture = await writerFixture('changes');
    const { openRouter, writerOn } = fixture;
    [writer, other] = [writerOn(await openRouter()), writerOn(await openRouter())];
  });
  afterAll(() => fixture.close());

  const write = async (commands: readonly Command[], by = writer): Promise<string[]> =>
    (await by.write(batchOfCommands(commands))).map(shown);

  const alice: Actor = { sub: 'alice', moderator: false };
  const base = () => ({ tenantId: tenant, actor: alice, acceptedAt: Date.now() });
  /** A post of some seconds ago, so that every edit is later. */
  const create = (post: Partial<CreatePost['post']> = {}): CreatePost => {
    const postId = uuidV7(Date.now() - 10_000);
    return {
      ...base(),
      kind: 'post.create',
      commandId: postId,
      postId,
      post: { authorId: 'alice', content: 'first', tags: ['a', 'b'], ...post },
    };
  };
  /** An edit that many milliseconds after its post was made. */
  const edit = (
    { postId }: Pick<Command, 'postId'>,
    afterMs: number,
    change: EditPost['edit'],
    fields: Partial<EditPost> = {},
  ): EditPost => ({
    ...base(),
    kind: 'post.edit',
    commandId: uuidV7(uuidV7Time(postId) + afterMs),
    postId,
    edit: change,
    ...fields,
  });
  const del = (
    { postId }: Pick<Command, 'postId'>,
    afterMs: number,
    fields: Partial<DeletePost> = {},
  ): DeletePost => ({
    ...base(),
    kind: 'post.delete',
    commandId: uuidV7(uuidV7Time(postId) + afterMs),
    postId,
    ...fields,
  });
  const stored = async (post: CreatePost = create()): Promise<CreatePost> => {
    expect(await write([post])).toEqual(['committed']);
    return post;
  };
  const rowOf = async ({ postId }: Pick<Command, 'postId'>) => {
    const rows = await fixture.database.query<{
      content: string;
      content_version: string;
      tags: string[];
      tags_version: string;
      deleted_by: string | null;
      command_id: string;
      tagged: string[];
    }>(
      `SELECT content, content_version, tags, tags_version, deleted_by, command_id,
              ARRAY(SELECT tag FROM post_tags t WHERE t.tenant_id = p.tenant_id AND t.post_id = p.id ORDER BY tag) AS tagged
       FROM posts p WHERE tenant_id = $1 AND id = $2`,
      [tenant, postId],
    );
    return rows[0];
  };
  const recorded = async ({ commandId }: Pick<Command, 'commandId'>): Promise<string | undefined> => {
    const rows = await fixture.database.query<{ said: string }>(
      `SELECT concat_ws(' ', outcome, code) AS said FROM command_outcomes WHERE tenant_id = $1 AND command_id = $2`,
      [tenant, commandId],
    );
    return rows[0]?.said;
  };

  describe('an edit', () => {
    it('changes what it names, moves that version alone, and is recorded and told', async () => {
      const post = await stored();
      const content = edit(post, 1, { content: 'second' });
      expect(await write([content])).toEqual(['committed']);
      expect(await rowOf(post)).toEqual({
        content: 'second',
        content_version: content.commandId,
        tags: ['a', 'b'],
        tags_version: post.postId,
        deleted_by: null,
        command_id: post.commandId,
        tagged: ['a', 'b'],
      });
      expect(await recorded(content)).toBe('completed');
      expect(await fixture.results.get(tenant, content.commandId)).toMatchObject({ ended: 'completed' });
    });

    it.each([
      [
        ['b', 'c'],
        ['b', 'c'],
      ],
      [
        ['ä', 'a'],
        ['a', 'ä'],
      ],
      [[], []],
    ])('of tags to %j is followed by the table of tags', async (tags, tagged) => {
      const post = await stored();
      expect(await write([edit(post, 1, { tags })])).toEqual(['committed']);
      expect(await rowOf(post)).toMatchObject({ content: 'first', tags, tagged });
    });

    it('delivered twice is one edit, in one batch and in two', async () => {
      const post = await stored();
      const once = edit(post, 1, { content: 'second', tags: ['c'] });
      expect(await write([once, once])).toEqual(['committed', 'duplicate']);
      const after = await rowOf(post);
      expect(await write([once])).toEqual(['duplicate']);
      expect(await rowOf(post)).toEqual(after);
      expect(await recorded(once)).toBe('completed');
    });

    it('handed to two writers at once is one edit, and nobody is told that it came too late', async () => {
      for (let round = 0; round < 10; round++) {
        const post = await stored();
        const commands = [edit(post, 1, { content: 'second' }), del(await stored(), 1)];
        const both = await Promise.all([write(commands), write(commands, other)]);
        for (const [n, command] of commands.entries()) {
          expect(both.map((outcomes) => outcomes[n]).sort()).toEqual(['committed', 'duplicate']);
          expect(await fixture.results.get(tenant, command.commandId)).not.toHaveProperty('superseded');
        }
      }
    });

    it('older than what is stored is superseded, field by field', async () => {
      const post = await stored();
      const newer = edit(post, 2, { content: 'newer' });
      await write([newer]);
      const older = edit(post, 1, { content: 'older' });
      expect(await write([older])).toEqual(['superseded']);
      expect(await recorded(older)).toBe('superseded');
      expect(await fixture.results.get(tenant, older.commandId)).toMatchObject({ superseded: true });
      const half = edit(post, 1, { content: 'older', tags: ['late'] });
      expect(await write([half])).toEqual(['committed']);
      expect(await rowOf(post)).toMatchObject({
        content: 'newer',
        content_version: newer.commandId,
        tags: ['late'],
        tags_version: half.commandId,
        tagged: ['late'],
      });
      expect(await write([older])).toEqual(['superseded']);
    });

    it('ends in every order of arrival with the latest of each field', async () => {
      const plan: readonly EditPost['edit'][] = [
        { content: '0' },
        { tags: ['t1'] },
        { content: '2', tags: ['t2', 'u2'] },
        { content: '3' },
        { tags: ['t4'] },
        { content: '5' },
      ];
      await fc.assert(
        fc.asyncProperty(
          fc.shuffledSubarray([...plan.keys()], { minLength: plan.length }),
          fc.array(fc.integer({ min: 1, max: 3 }), { minLength: plan.length, maxLength: plan.length }),
          async (order, sizes) => {
            const post = await stored();
            const edits = plan.map((change, n) => edit(post, n + 1, change));
            const arriving = order.flatMap((n) => edits[n] ?? []);
            for (const size of sizes) {
              const batch = arriving.splice(0, size);
              if (batch.length > 0) await write(batch);
            }
            expect(await rowOf(post)).toMatchObject({
              content: '5',
              content_version: edits[5]?.commandId,
              tags: ['t4'],
              tags_version: edits[4]?.commandId,
              tagged: ['t4'],
            });
          },
        ),
        { numRuns: 25 },
      );
    });

    it('by somebody else is refused, unless a moderator makes it', async () => {
      const post = await stored();
      const bob = edit(post, 1, { content: 'bob' }, { actor: { sub: 'bob', moderator: false } });
      const mo = edit(post, 2, { content: 'mo' }, { actor: { sub: 'mo', moderator: true } });
      expect(await write([bob, mo])).toEqual(['rejected not_permitted', 'committed']);
      expect(await rowOf(post)).toMatchObject({ content: 'mo' });
      expect(await recorded(bob)).toBe('rejected not_permitted');
      expect(await fixture.results.get(tenant, bob.commandId)).toMatchObject({ code: 'not_permitted' });
      expect(await write([bob])).toEqual(['rejected not_permitted']);
    });

    it('that comes again after its end does not seem to have ended again', async () => {
      const post = await stored();
      await write([edit(post, 2, { content: 'newer' })]);
      const late = edit(post, 1, { content: 'older' });
      const bob = edit(post, 3, { content: 'bob' }, { actor: { sub: 'bob', moderator: false } });
      const ended = () =>
        Promise.all([late, bob].map(({ commandId }) => fixture.results.get(tenant, commandId)));
      expect(await write([late, bob])).toEqual(['superseded', 'rejected not_permitted']);
      const first = await ended();
      expect(first).toMatchObject([{ superseded: true }, { code: 'not_permitted' }]);
      expect(await write([late, bob], other)).toEqual(['superseded', 'rejected not_permitted']);
      expect(await ended()).toEqual(first);
    });

    it('of a post of another tenant finds none', async () => {
      const post = await stored();
      const foreign = edit(post, 1, { content: 'x' }, { tenantId: `${tenant}-other` });
      expect(await write([foreign])).toEqual(['early']);
    });

    it('under a condition is carried out only on the version that it names', async () => {
      const post = await stored();
      const first = edit(post, 1, { content: 'v1' }, { ifMatch: post.postId });
      const second = edit(post, 2, { content: 'v2' }, { ifMatch: post.postId });
      const third = edit(post, 3, { tags: ['v3'] }, { ifMatch: first.commandId });
      const fourth = edit(post, 4, { content: 'v4' }, { ifMatch: third.commandId });
      expect(await write([first])).toEqual(['committed']);
      expect(await write([second, third, fourth])).toEqual([
        'rejected version_conflict',
        'committed',
        'committed',
      ]);
      expect(await recorded(second)).toBe('rejected version_conflict');
      expect(await rowOf(post)).toMatchObject({ content: 'v4', tags: ['v3'] });
      expect(await write([first, second])).toEqual(['duplicate', 'rejected version_conflict']);
    });

    it('before its post is early until its last attempt, and nothing is recorded of it', async () => {
      const post = create();
      const early = edit(post, 1, { content: 'edited' });
      expect(await write([early])).toEqual(['early']);
      expect(await write([{ ...early, attempt: 29 }])).toEqual(['early']);
      expect(await recorded(early)).toBeUndefined();
      expect(await fixture.results.get(tenant, early.commandId)).toBeUndefined();
      expect(await write([{ ...early, attempt: 3 }, post])).toEqual(['committed', 'committed']);
      expect(await rowOf(post)).toMatchObject({ content: 'edited' });
    });

    it('whose post never came is rejected, and stays so', async () => {
      const post = create();
      const late = edit(post, 1, { content: 'edited' }, { attempt: 30 });
      expect(await write([late, del(post, 2, { attempt: 31 })])).toEqual([
        'rejected post_not_found',
        'rejected post_not_found',
      ]);
      expect(await recorded(late)).toBe('rejected post_not_found');
      await stored(post);
      expect(await write([late])).toEqual(['rejected post_not_found']);
      expect(await rowOf(post)).toMatchObject({ content: 'first' });
    });
  });

  describe('a deletion', () => {
    it('empties the row and its tags, and is final', async () => {
      const post = await stored();
      const first = del(post, 1);
      expect(await write([first])).toEqual(['committed']);
      const tombstone = {
        content: '',
        content_version: post.postId,
        tags: [],
        tags_version: post.postId,
        deleted_by: first.commandId,
        command_id: post.commandId,
        tagged: [],
      };
      expect(await rowOf(post)).toEqual(tombstone);
      const second = del(post, 2);
      const edited = edit(post, 3, { content: 'back', tags: ['back'] });
      expect(await write([second, edited, first])).toEqual(['superseded', 'superseded', 'duplicate']);
      expect(await write([post])).toEqual(['duplicate']);
      const taken = { ...post, commandId: randomUUID() };
      expect(await write([taken])).toEqual(['rejected id_taken']);
      expect(await rowOf(post)).toEqual(tombstone);
      expect([await recorded(first), await recorded(second), await recorded(edited)]).toEqual([
        'completed',
        'superseded',
        'superseded',
      ]);
    });

    it('in one batch with its create and an edit comes last', async () => {
      const post = create();
      const commands = [del(post, 1), edit(post, 2, { tags: ['x'] }), post];
      expect(await write(commands)).toEqual(['committed', 'committed', 'committed']);
      expect(await rowOf(post)).toMatchObject({ content: '', tags: [], tagged: [] });
    });

    it('is for the author and moderators, and may be conditional', async () => {
      const post = await stored();
      const bob = del(post, 1, { actor: { sub: 'bob', moderator: false } });
      const stale = del(post, 2, { ifMatch: randomUUID() });
      const mo = del(post, 3, { actor: { sub: 'mo', moderator: true }, ifMatch: post.postId });
      expect(await write([bob, stale, mo])).toEqual([
        'rejected not_permitted',
        'rejected version_conflict',
        'committed',
      ]);
      // Gone is gone: a condition cannot fail any more.
      expect(await write([del(post, 4, { ifMatch: randomUUID() })])).toEqual(['superseded']);
    });
  });

  it('of the same posts by two writers in any order: no deadlock, and the latest edit stands', async () => {
    for (let round = 0; round < 6; round++) {
      const posts = Array.from({ length: 100 }, () => create());
      expect(new Set(await write(posts))).toEqual(new Set(['committed']));
      const editsOf = (first: number): EditPost[] =>
        posts.flatMap((post) =>
          [first, first + 2].map((n) => edit(post, n, { content: `${n}`, tags: [`t${n}`] })),
        );
      const both = await Promise.all([write(shuffled(editsOf(1))), write(shuffled(editsOf(2)), other)]);
      expect(both.flat().filter((said) => said !== 'committed' && said !== 'superseded')).toEqual([]);
      const rows = await fixture.database.query(
        `SELECT content, tags, count(*)::int FROM posts WHERE tenant_id = $1 AND id = ANY($2) GROUP BY 1, 2`,
        [tenant, posts.map(({ postId }) => postId)],
      );
      expect(rows).toEqual([{ content: '4', tags: ['t4'], count: 100 }]);
      const tags = await fixture.database.query(
        `SELECT tag, count(*)::int FROM post_tags WHERE tenant_id = $1 AND post_id = ANY($2) GROUP BY 1`,
        [tenant, posts.map(({ postId }) => postId)],
      );
      expect(tags).toEqual([{ tag: 't4', count: 100 }]);
    }
  });

  it('of the same posts crosswise, one writer editing what the other deletes: no deadlock', async () => {
    for (let round = 0; round < 8; round++) {
      const posts = Array.from({ length: 100 }, () => create());
      expect(new Set(await write(posts))).toEqual(new Set(['committed']));
      const [left, right] = [posts.slice(0, 50), posts.slice(50)];
      const crossed = (edited: readonly CreatePost[], deleted: readonly CreatePost[]): Command[] => [
        ...edited.map((post) => edit(post, 1, { content: 'edited' })),
        ...deleted.map((post) => del(post, 2)),
      ];
      const both = await Promise.all([
        write(crossed(left, right)),
        write(crossed(right, left).reverse(), other),
      ]);
      expect(both.flat().filter((said) => said !== 'committed' && said !== 'superseded')).toEqual([]);
    }
  });
});
