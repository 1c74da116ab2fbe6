import { describe, expect, it } from '@jest/globals';
import type { Principal, Role } from '@spillway/auth';
import { uuidV7, type CreatePost, type ProblemPointer } from '@spillway/contracts';
import { putCommandId } from '@spillway/contracts/server';
import { ProblemError } from '@spillway/http';
import { commandOfItem } from './item-command.js';

const now = Date.now();
const caller = (...roles: Role[]): Principal => ({
  sub: 'alice',
  tenant: 'acme',
  roles: new Set(roles),
  expiresAtMs: now + 60_000,
});
const author = caller('author');
const importer = caller('importer');

function refusal(value: unknown, principal = author): [string, readonly ProblemPointer['pointer'][]] {
  try {
    commandOfItem(value, principal, now);
  } catch (error) {
    if (error instanceof ProblemError) return [error.code, (error.errors ?? []).map((e) => e.pointer)];
    throw error;
  }
  throw new Error('it was taken');
}

describe('an item of a batch', () => {
  it('without an id is a new post, whose command has the id of the post', () => {
    const command = commandOfItem({ content: 'hello', tags: ['A'] }, author, now);
    expect(command).toMatchObject({
      kind: 'post.create',
      commandId: command.postId,
      tenantId: 'acme',
      post: { authorId: 'alice', content: 'hello', tags: ['a'] },
    });
  });

  it('with an id is the command of a PUT, the same each time', () => {
    const id = uuidV7(now);
    const make = (content: string): CreatePost =>
      commandOfItem({ content, id: id.toUpperCase() }, author, now);
    const { commandId, postId, post } = make('hello');
    expect([postId, commandId]).toEqual([id, putCommandId('acme', id, post)]);
    expect(make('hello').commandId).toBe(commandId);
    expect(make('other').commandId).not.toBe(commandId);
  });

  it('of an importer may name its author, and lie in the past', () => {
    const item = { content: 'old', id: uuidV7(now - 48 * 3600_000), authorId: 'bob' };
    expect(commandOfItem(item, importer, now).post.authorId).toBe('bob');
    expect(refusal(item)).toEqual(['invalid_request', ['/id']]);
    expect(refusal({ ...item, id: uuidV7(now) })).toEqual(['forbidden', []]);
  });

  it('needs an id when its sender may only import, and names an author only with one', () => {
    expect(refusal({ content: 'new' }, importer)).toEqual(['forbidden', []]);
    expect(refusal({ content: 'new', authorId: 'bob' }, caller('author', 'importer'))).toEqual([
      'invalid_request',
      ['/authorId'],
    ]);
  });

  it.each([
    [null, ['']],
    [[], ['']],
    ['text', ['']],
    [{}, ['/content']],
    [{ content: 'x', id: 7 }, ['/id']],
    [{ content: 'x', id: 'not-an-id' }, ['/id']],
    [{ content: 'x', id: '0190b7b0-0000-4000-8000-000000000001' }, ['/id']],
    [{ content: 'x', id: uuidV7(now + 61_000) }, ['/id']],
    [{ content: 'x', tags: ['ok', ''] }, ['/tags/1']],
    [{ content: 'x', tags: ['İ'.repeat(50)] }, ['/tags/0']],
    [{ content: 'x', tenantId: 'other' }, ['/tenantId']],
  ])('%j is refused with a pointer into the item', (value, pointers) => {
    expect(refusal(value)).toEqual(['invalid_request', pointers]);
  });
});
