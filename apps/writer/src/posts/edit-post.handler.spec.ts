import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { EditPost } from '@spillway/contracts';
import { deletion, edit } from '../spec/commands.js';
import { changesFixture, type ChangesFixture } from './changes.fixture.js';

describe('an edit', () => {
  let fixture: ChangesFixture;
  let create: ChangesFixture['create'];
  let other: ChangesFixture['other'];
  let recorded: ChangesFixture['recorded'];
  let results: ChangesFixture['results'];
  let rowOf: ChangesFixture['rowOf'];
  let stored: ChangesFixture['stored'];
  let tenant: ChangesFixture['tenant'];
  let write: ChangesFixture['write'];

  beforeAll(async () => {
    fixture = await changesFixture('edits');
    ({ create, other, recorded, results, rowOf, stored, tenant, write } = fixture);
  });
  afterAll(() => fixture.close());

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
    expect(await results.get(tenant, content.commandId)).toMatchObject({ ended: 'completed' });
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
      const commands = [edit(post, 1, { content: 'second' }), deletion(await stored(), 1)];
      const both = await Promise.all([write(commands), write(commands, other)]);
      for (const [n, command] of commands.entries()) {
        expect(both.map((outcomes) => outcomes[n]).sort()).toEqual(['committed', 'duplicate']);
        expect(await results.get(tenant, command.commandId)).not.toHaveProperty('superseded');
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
    expect(await results.get(tenant, older.commandId)).toMatchObject({ superseded: true });
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
    expect(await results.get(tenant, bob.commandId)).toMatchObject({ code: 'not_permitted' });
    expect(await write([bob])).toEqual(['rejected not_permitted']);
  });

  it('that comes again after its end does not seem to have ended again', async () => {
    const post = await stored();
    await write([edit(post, 2, { content: 'newer' })]);
    const late = edit(post, 1, { content: 'older' });
    const bob = edit(post, 3, { content: 'bob' }, { actor: { sub: 'bob', moderator: false } });
    const ended = () => Promise.all([late, bob].map(({ commandId }) => results.get(tenant, commandId)));
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
    expect(await results.get(tenant, early.commandId)).toBeUndefined();
    expect(await write([{ ...early, attempt: 3 }, post])).toEqual(['committed', 'committed']);
    expect(await rowOf(post)).toMatchObject({ content: 'edited' });
  });

  it('whose post never came is rejected, and stays so', async () => {
    const post = create();
    const late = edit(post, 1, { content: 'edited' }, { attempt: 30 });
    expect(await write([late, deletion(post, 2, { attempt: 31 })])).toEqual([
      'rejected post_not_found',
      'rejected post_not_found',
    ]);
    expect(await recorded(late)).toBe('rejected post_not_found');
    await stored(post);
    expect(await write([late])).toEqual(['rejected post_not_found']);
    expect(await rowOf(post)).toMatchObject({ content: 'first' });
  });
});
