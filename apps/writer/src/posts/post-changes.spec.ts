import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { uuidV7 } from '@spillway/contracts';
import { watchLeaks, type LeakCheck } from '@spillway/testing';
import { feedFixture, type FeedFixture } from '../feed/feed.fixture.js';
import { deletion, earlierCreation, edit } from '../spec/commands.js';

describe('a batch in the change feed', () => {
  let leaks: LeakCheck;
  let feed: FeedFixture;
  const tenant = 'acme';

  beforeAll(async () => {
    leaks = watchLeaks();
    feed = await feedFixture('changes');
  });
  afterAll(async () => {
    await feed.close();
    await leaks.expectNoLeaks();
  });

  /** The rows about a post, in their order. */
  const told = (postId: string) =>
    feed.database.query(
      `SELECT created, edits, deleted, reply_to, tags_added, tags_removed FROM post_changes
       WHERE tenant_id = $1 AND post_id = $2 ORDER BY xid`,
      [tenant, postId],
    );
  const row = (fields: object) => ({
    created: false,
    edits: 0,
    deleted: false,
    reply_to: null,
    tags_added: null,
    tags_removed: null,
    ...fields,
  });

  it('is told of what was created, edited and deleted, a row a transaction', async () => {
    const replyTo = uuidV7();
    const post = earlierCreation(tenant, { replyTo, tags: ['a', 'b'] });
    await feed.write([post]);
    await feed.write([edit(post, 1, { tags: ['b', 'c'] }), edit(post, 2, { content: 'x' })]);
    await feed.write([deletion(post, 3)]);
    expect(await told(post.postId)).toEqual([
      row({ created: true, reply_to: replyTo, tags_added: ['a', 'b'] }),
      row({ edits: 2, tags_added: ['c'], tags_removed: ['a'] }),
      row({
        deleted: true,
        reply_to: replyTo,
        tags_removed: expect.arrayContaining(['b', 'c']),
      }),
    ]);
  });

  it('is told once of what one batch did to a post', async () => {
    const post = earlierCreation(tenant, { tags: ['a'] });
    await feed.write([
      deletion(post, 3),
      edit(post, 1, { tags: ['b'] }),
      edit(post, 2, { tags: ['c'] }),
      post,
    ]);
    expect(await told(post.postId)).toEqual([
      row({ created: true, edits: 2, deleted: true, tags_added: ['a', 'c'], tags_removed: ['a', 'c'] }),
    ]);
  });

  it('is not told of duplicates, of what came too late, and of what was refused', async () => {
    const post = earlierCreation(tenant, { tags: ['a', 'a'] });
    const stolen = { ...post, commandId: uuidV7() };
    const newer = edit(post, 5, { content: 'newer' });
    expect(await feed.write([post, post, stolen])).toEqual(['committed', 'duplicate', 'rejected']);
    expect(await feed.write([post, newer, newer])).toEqual(['duplicate', 'committed', 'duplicate']);
    const late = edit(post, 1, { content: 'older' });
    const bob = { ...edit(post, 6, { content: 'bob' }), actor: { sub: 'bob', moderator: false } };
    expect(await feed.write([late, bob, newer])).toEqual(['superseded', 'rejected', 'duplicate']);
    expect(await told(post.postId)).toEqual([row({ created: true, tags_added: ['a'] }), row({ edits: 1 })]);
  });
});
