import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeEnvelope, ShardDirectory } from '@spillway/contracts/server';
import type { BatchEntry } from '@spillway/messaging';
import { quietLogger } from '@spillway/testing';
import { Events } from '../events.js';
import { entryOf, postsFixture, type PostsFixture } from '../spec/posts-fixture.js';
import { batchOf, shown } from '../spec/writer-fixture.js';
import { DeadLetterLanding } from './land-dead-letters.js';

describe('the writer lands dead letters', () => {
  let fixture: PostsFixture;

  beforeAll(async () => {
    fixture = await postsFixture('landing');
  });
  afterAll(() => fixture.close());

  const landing = (map = 's0:0-1023'): DeadLetterLanding =>
    new DeadLetterLanding(fixture.router, ShardDirectory.parse(map), new Events(quietLogger));

  it('in the table, with why and how often, and parks their commands', async () => {
    const command = fixture.create();
    const death = { reason: 'delivery_limit', count: 21 };
    const entry: BatchEntry = { ...entryOf(encodeEnvelope([command])), death };
    const unreadable: BatchEntry = { ...entryOf(randomBytes(20)), death: { reason: 'rejected', count: 1 } };
    for (let n = 0; n < 2; n++) {
      const outcomes = await landing().land(batchOf([entry, unreadable]));
      expect(outcomes.map(shown)).toEqual(['parked delivery_limit', 'parked rejected']);
    }
    expect(await fixture.outcomeRow(command.commandId)).toEqual({ outcome: 'parked', code: null });
    expect(await fixture.letterOf(entry.messageId)).toEqual([
      { reason: 'delivery_limit', attempts: 21, payload: entry.body, command_id: command.commandId },
    ]);
    expect(await fixture.letterOf(unreadable.messageId)).toMatchObject([
      { payload: unreadable.body, command_id: null },
    ]);
  });

  it('whatever the message calls itself', async () => {
    const entry: BatchEntry = { ...entryOf(randomBytes(20)), messageId: 'message-1' };
    expect((await landing().land(batchOf([entry]))).map(shown)).toEqual(['parked dead_lettered']);
  });

  it('and holds those whose shard has no database now', async () => {
    const outcomes = await landing('s1:0-1023').land(batchOf([entryOf(encodeEnvelope([fixture.create()]))]));
    expect(outcomes.map(shown)).toEqual(['unavailable database']);
  });
});
