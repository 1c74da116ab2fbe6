import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { putCommandId } from './command-id.js';
import { isUuid } from './ids.js';

const POST_ID = '0190b7b0-0000-7000-8000-000000000001';
const post = {
  authorId: 'alice',
  content: 'hello',
  channelId: 'news',
  replyTo: '0190b7b0-0000-7000-8000-000000000002',
  tags: ['a', 'b'],
};
const id = putCommandId('acme', POST_ID, post);

describe('putCommandId', () => {
  it('is a UUIDv8 and the same for the same request, for ever', () => {
    expect(isUuid(id)).toBe(true);
    expect(id).toMatch(/^.{14}8.{4}[89ab]/);
    expect(putCommandId('acme', POST_ID, { ...post, tags: [...post.tags] })).toBe(id);
    // Written down: a writer of another version must recognise what it stored before.
    expect(putCommandId('acme', POST_ID, { authorId: 'alice', content: 'hello', tags: [] })).toBe(
      '3a4c2ffc-86db-8943-ab9c-d9a963a665e1',
    );
  });

  it.each([
    ['tenant', putCommandId('acm', POST_ID, post)],
    ['id', putCommandId('acme', '0190b7b0-0000-7000-8000-000000000003', post)],
    ['author', putCommandId('acme', POST_ID, { ...post, authorId: 'bob' })],
    ['content', putCommandId('acme', POST_ID, { ...post, content: 'hello ' })],
    ['channel', putCommandId('acme', POST_ID, { ...post, channelId: 'new' })],
    ['parent', putCommandId('acme', POST_ID, { ...post, replyTo: POST_ID })],
    ['tag', putCommandId('acme', POST_ID, { ...post, tags: ['a', 'c'] })],
    ['order of tags', putCommandId('acme', POST_ID, { ...post, tags: ['b', 'a'] })],
  ])('is another for another %s', (_field, other) => {
    expect(other).not.toBe(id);
  });

  it('tells apart fields that hold the same text in other places', () => {
    const text = fc.string({ minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        fc.pre(a !== b);
        const one = putCommandId('acme', POST_ID, { authorId: a, content: b, tags: [] });
        const two = putCommandId('acme', POST_ID, { authorId: b, content: a, tags: [] });
        expect(one).not.toBe(two);
      }),
    );
  });
});
