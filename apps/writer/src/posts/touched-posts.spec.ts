import { describe, expect, it } from '@jest/globals';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { uuidV7, type Command } from '@spillway/contracts';
import { decodeEnvelope, encodeEnvelope } from '@spillway/contracts/server';
import type { BatchEntry, Outcome } from '@spillway/messaging';
import { touchedPosts } from './touched-posts.js';

const base = () => {
  const postId = uuidV7();
  const actor = { sub: 'alice', moderator: false };
  return { commandId: postId, postId, tenantId: 'acme', actor, acceptedAt: Date.now() };
};
const create = (channelId?: string): Command => ({
  kind: 'post.create',
  ...base(),
  post: { authorId: 'alice', content: 'hello', tags: [], ...(channelId === undefined ? {} : { channelId }) },
});
const edit = (): Command => ({ kind: 'post.edit', ...base(), edit: { content: 'hello' } });
const remove = (): Command => ({ kind: 'post.delete', ...base() });
const entryOf = (command: Command): BatchEntry => {
  const [decoded] = decodeEnvelope(encodeEnvelope([command]));
  if (!decoded) throw new Error('the envelope is empty');
  return {
    decoded,
    messageId: uuidV7(),
    ordinal: 0,
    body: Buffer.alloc(0),
    death: undefined,
    context: ROOT_CONTEXT,
  };
};
const touched = (commands: readonly Command[], ...outcomes: Outcome[]) =>
  touchedPosts(commands.map(entryOf), outcomes);

describe('touchedPosts', () => {
  it('are new ones with their channel, and changed ones', () => {
    const done: Outcome = { result: 'committed' };
    expect(touched([create('news'), create(), edit(), remove()], done, done, done, done)).toEqual([
      { tenantId: 'acme', channelId: 'news' },
      { tenantId: 'acme' },
      { tenantId: 'acme', edited: true },
      { tenantId: 'acme', edited: true },
    ]);
  });

  it.each<Outcome>([
    { result: 'duplicate' },
    { result: 'superseded' },
    { result: 'alias', postId: uuidV7() },
  ])('are those of repeated commands too: %j', (outcome) => {
    expect(touched([create('news')], outcome)).toHaveLength(1);
  });

  it.each<Outcome>([
    { result: 'rejected', code: 'id_taken' },
    { result: 'parked', reason: 'clock_ahead' },
    { result: 'early' },
    { result: 'unavailable', reason: 'transient' },
  ])('are none of what was not carried out: %j', (outcome) => {
    expect(touched([create('news')], outcome)).toEqual([]);
  });
});
