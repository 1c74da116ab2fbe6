import { describe, expect, it } from '@jest/globals';
import { uuidV7, type ProblemPointer } from '@spillway/contracts';
import { ProblemError, validationPipe } from '@spillway/http';
import { CreatePostDto, PutPostDto } from './post.dto.js';

/** Where a body is wrong, or nothing when it is taken. */
async function mistakes(body: unknown, metatype: typeof CreatePostDto = CreatePostDto): Promise<string[]> {
  try {
    await validationPipe().transform(body, { type: 'body', metatype });
    return [];
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    expect(error.code).toBe('invalid_request');
    return (error.errors ?? []).map(({ pointer }: ProblemPointer) => pointer);
  }
}

describe('the body of a post', () => {
  const content = 'hello';
  it.each([
    ['one character', { content: 'a' }],
    ['10 000 characters outside the basic plane', { content: '😀'.repeat(10_000) }],
    ['any language and any control character but U+0000', { content: 'ไทย\u202e\u0001\n' }],
    [
      'everything that may be',
      { content, channelId: 'a_B-9', replyTo: uuidV7(), tags: ['a', '😀'.repeat(50)] },
    ],
    ['ten tags', { content, tags: Array.from({ length: 10 }, (_, n) => `t${n}`) }],
    ['no tags', { content, tags: [] }],
    ['a channel of 64 characters', { content, channelId: 'x'.repeat(64) }],
  ])('may be %s', async (_what, body) => {
    expect(await mistakes(body)).toEqual([]);
  });

  it.each([
    ['no content', {}, ['/content']],
    ['empty content', { content: '' }, ['/content']],
    ['null for content', { content: null }, ['/content']],
    ['a number for content', { content: 7 }, ['/content']],
    ['a list for content', { content: ['a'] }, ['/content']],
    ['10 001 characters', { content: 'a'.repeat(10_001) }, ['/content']],
    ['U+0000', { content: 'a\u0000' }, ['/content']],
    ['half of a surrogate pair', { content: '\ud83d' }, ['/content']],
    ['a channel with a blank', { content, channelId: 'a b' }, ['/channelId']],
    ['a channel of 65 characters', { content, channelId: 'x'.repeat(65) }, ['/channelId']],
    ['null for a channel', { content, channelId: null }, ['/channelId']],
    ['a parent that is no id', { content, replyTo: 'x' }, ['/replyTo']],
    [
      'a parent in upper case, which a writer would reject',
      { content, replyTo: uuidV7().toUpperCase() },
      ['/replyTo'],
    ],
    ['eleven tags', { content, tags: Array(11).fill('t') }, ['/tags']],
    ['a text for tags', { content, tags: 'a' }, ['/tags']],
    ['null for tags', { content, tags: null }, ['/tags']],
    ['an empty tag', { content, tags: ['a', ''] }, ['/tags/1']],
    ['a tag of 51 characters', { content, tags: ['t'.repeat(51)] }, ['/tags/0']],
    ['a tag with U+0000', { content, tags: ['a', 'b', '\u0000'] }, ['/tags/2']],
    ['a number for a tag', { content, tags: [1] }, ['/tags/0']],
    ['something unknown', { content, colour: 'red' }, ['/colour']],
    ['an author, unless it is put', { content, authorId: 'bob' }, ['/authorId']],
    ['several mistakes', { content: '', channelId: '', tags: [''] }, ['/content', '/channelId', '/tags/0']],
  ])('must not have %s', async (_what, body, pointers) => {
    expect((await mistakes(body)).sort()).toEqual([...pointers].sort());
  });

  it.each([null, [], 'text', 7])('is an object, not %j', async (body) => {
    expect(await mistakes(body)).toEqual(['']);
  });
});

describe('the body of a post that is put', () => {
  it.each(['bob', 'bob@example.org', 'x'.repeat(64)])('may name the author %s', async (authorId) => {
    expect(await mistakes({ content: 'a', authorId }, PutPostDto)).toEqual([]);
  });

  it.each(['', 'a b', 'x'.repeat(65), null, 7])('must not name the author %j', async (authorId) => {
    expect(await mistakes({ content: 'a', authorId }, PutPostDto)).toEqual(['/authorId']);
  });
});
