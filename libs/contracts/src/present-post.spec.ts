import { describe, expect, it } from '@jest/globals';
import { uuidV7 } from './ids.js';
import { etagOf, presentPost, type StoredPost } from './present-post.js';

const createdAt = Date.parse('2026-01-02T03:04:05.678Z');
const id = uuidV7(createdAt);
const stored: StoredPost = {
  id,
  authorId: 'alice',
  channelId: null,
  replyTo: null,
  content: 'Grüezi 👋',
  tags: ['a'],
  contentVersion: id,
  tagsVersion: id,
};
const tagOf = (of: StoredPost): string => etagOf(of, presentPost(of));

describe('a presented post', () => {
  it('has the times of its ids, and nothing of the versions', () => {
    const edited = presentPost({ ...stored, tagsVersion: uuidV7(createdAt + 1_000) });
    expect(edited).toEqual({
      id,
      authorId: 'alice',
      channelId: null,
      replyTo: null,
      content: 'Grüezi 👋',
      tags: ['a'],
      createdAt: '2026-01-02T03:04:05.678Z',
      updatedAt: '2026-01-02T03:04:06.678Z',
      replies: null,
    });
  });

  it('has an ETag of its newest field version and of what is shown', () => {
    const version = uuidV7(createdAt + 1_000);
    expect(tagOf(stored)).toMatch(new RegExp(`^"${id}\\.[A-Za-z0-9_-]{16}"$`));
    expect(tagOf({ ...stored, contentVersion: version })).toContain(`"${version}.`);
    expect(tagOf({ ...stored, tagsVersion: version })).toContain(`"${version}.`);
    expect(tagOf({ ...stored })).toBe(tagOf(stored));
    expect(tagOf({ ...stored, content: 'other' })).not.toBe(tagOf(stored));
  });
});
