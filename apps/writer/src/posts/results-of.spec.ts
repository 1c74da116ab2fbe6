import { describe, expect, it } from '@jest/globals';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { uuidV7, type Command } from '@spillway/contracts';
import type { BatchEntry, Outcome } from '@spillway/messaging';
import { commandKey } from './outcome.store.js';
import { resultsOf } from './results-of.js';

const position = { shard: 's0', timeline: 1, lsn: '0000000000000001' };
const entryOf = (kind: 'post.create' | 'post.delete'): BatchEntry & { readonly commandId: string } => {
  const id = uuidV7();
  const command: Command = {
    tenantId: 'acme',
    commandId: id,
    postId: id,
    actor: { sub: 'alice', moderator: false },
    acceptedAt: 1,
    ...(kind === 'post.create' ? { kind, post: { authorId: 'alice', content: 'x', tags: [] } } : { kind }),
  };
  return {
    decoded: { as: 'valid', command },
    messageId: undefined,
    ordinal: 0,
    body: Buffer.alloc(0),
    death: undefined,
    context: ROOT_CONTEXT,
    commandId: id,
  };
};
const resultOf = (entry: BatchEntry & { commandId: string }, outcome: Outcome, isRecorded: boolean) => {
  const recorded = new Set(isRecorded ? [commandKey('acme', entry.commandId)] : []);
  const { shard, entries, changed } = resultsOf(
    's0',
    [entry],
    { outcomes: [outcome], recorded, position },
    5,
  );
  expect(shard).toBe('s0');
  return { told: entries.map(({ result }) => result), changed: changed.has(entry.commandId) };
};

describe('what is told of a batch', () => {
  const committed: Outcome = { result: 'committed' };
  const refused: Outcome = { result: 'rejected', code: 'id_taken' };

  it('is the end of every command that ended now', () => {
    const completed = { ended: 'completed', at: 5, position };
    expect(resultOf(entryOf('post.create'), committed, false)).toEqual({ told: [completed], changed: true });
    expect(resultOf(entryOf('post.delete'), committed, true).told).toEqual([completed]);
    expect(resultOf(entryOf('post.delete'), { result: 'superseded' }, true).told).toEqual([
      { ...completed, superseded: true },
    ]);
    expect(resultOf(entryOf('post.create'), { result: 'alias', postId: 'p' }, true).told).toEqual([
      { ...completed, postId: 'p' },
    ]);
    expect(resultOf(entryOf('post.create'), refused, true).told).toMatchObject([
      { ended: 'failed', at: 5, code: 'id_taken' },
    ]);
  });

  it.each<readonly [string, Outcome]>([
    ['refused', refused],
    ['superseded', { result: 'superseded' }],
    ['an alias', { result: 'alias', postId: 'p' }],
    ['a duplicate', { result: 'duplicate' }],
    ['parked', { result: 'parked', reason: 'x' }],
  ])('of what was %s before is that it changed, without a time', (_what, outcome) => {
    expect(resultOf(entryOf('post.create'), outcome, false)).toEqual({ told: [], changed: true });
  });

  it.each<Outcome>([{ result: 'early' }, { result: 'unavailable', reason: 'x' }])(
    'is nothing while it goes on: %j',
    (outcome) => {
      expect(resultOf(entryOf('post.delete'), outcome, false)).toEqual({ told: [], changed: false });
    },
  );
});
