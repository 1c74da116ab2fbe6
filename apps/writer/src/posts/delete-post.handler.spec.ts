import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { deletion, edit } from '../spec/commands.js';
import { changesFixture, type ChangesFixture } from './changes.fixture.js';

describe('a deletion', () => {
  let fixture: ChangesFixture;
  let create: ChangesFixture['create'];
  let recorded: ChangesFixture['recorded'];
  let rowOf: ChangesFixture['rowOf'];
  let stored: ChangesFixture['stored'];
  let write: ChangesFixture['write'];

  beforeAll(async () => {
    fixture = await changesFixture('deletions');
    ({ create, recorded, rowOf, stored, write } = fixture);
  });
  afterAll(() => fixture.close());

  it('empties the row and its tags, and is final', async () => {
    const post = await stored();
    const first = deletion(post, 1);
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
    const second = deletion(post, 2);
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
    const commands = [deletion(post, 1), edit(post, 2, { tags: ['x'] }), post];
    expect(await write(commands)).toEqual(['committed', 'committed', 'committed']);
    expect(await rowOf(post)).toMatchObject({ content: '', tags: [], tagged: [] });
  });

  it('is for the author and moderators, and may be conditional', async () => {
    const post = await stored();
    const bob = deletion(post, 1, { actor: { sub: 'bob', moderator: false } });
    const stale = deletion(post, 2, { ifMatch: randomUUID() });
    const mo = deletion(post, 3, { actor: { sub: 'mo', moderator: true }, ifMatch: post.postId });
    expect(await write([bob, stale, mo])).toEqual([
      'rejected not_permitted',
      'rejected version_conflict',
      'committed',
    ]);
    // Gone is gone: a condition cannot fail any more.
    expect(await write([deletion(post, 4, { ifMatch: randomUUID() })])).toEqual(['superseded']);
  });
});
