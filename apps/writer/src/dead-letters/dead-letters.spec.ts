import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Channel } from 'amqplib';
import { uuidV7, type Command, type ReplayDeadLetter } from '@spillway/contracts';
import { decodeEnvelope, encodeEnvelope, ShardDirectory } from '@spillway/contracts/server';
import { writeQueue } from '@spillway/messaging';
import { createVirtualHost, type VirtualHost } from '@spillway/testing';
import { brokerFixture, type BrokerFixture } from '../spec/broker-fixture.js';
import { edit, letterAction, type LetterActionKind } from '../spec/commands.js';
import { postsFixture, type PostsFixture } from '../spec/posts-fixture.js';
import { batchOf, entriesOf, SHARD } from '../spec/writer-fixture.js';
import { DeadLetterLanding } from './land-dead-letters.js';
import { ReplayOutbox } from './replay-outbox.js';

const QUEUE = writeQueue(SHARD);

describe('what operators do about dead letters', () => {
  let fixture: PostsFixture;
  let host: VirtualHost;
  let broker: BrokerFixture;
  let channel: Channel;
  let landing: DeadLetterLanding;
  let outbox: ReplayOutbox;
  let tenant: string;

  beforeAll(async () => {
    fixture = await postsFixture('letters');
    host = await createVirtualHost(`spec-letters-${randomBytes(4).toString('hex')}`);
    broker = await brokerFixture(host.url, [QUEUE]);
    ({ channel } = broker);
    const { router, events } = fixture;
    ({ tenant } = fixture);
    const directory = ShardDirectory.parse(`${SHARD}:0-1023`);
    landing = new DeadLetterLanding(router, directory, events);
    outbox = new ReplayOutbox(router, broker.publisher, directory, events);
  });
  afterAll(async () => {
    await broker.close();
    await host.remove();
    await fixture.close();
  });

  const create: PostsFixture['create'] = (fields, post) => fixture.create(fields, post);
  const act = (kind: LetterActionKind, letterId: string, fields?: Partial<ReplayDeadLetter>) =>
    letterAction(kind, tenant, letterId, fields);
  const write = (...commands: readonly Command[]) => fixture.write(commands);
  /** Puts a message aside as the broker does after too many deliveries; the ids of its letters, in order. */
  const park = async (body: Buffer): Promise<string[]> => {
    const entries = entriesOf(body).map((entry) => ({
      ...entry,
      death: { reason: 'delivery_limit', count: 20 },
    }));
    await landing.land({ queue: 'posts.dead', trigger: 'age', attempt: 1, entries });
    const rows = await fixture.database.query<{ id: string }>(
      'SELECT id FROM dead_letters WHERE message_id = $1 ORDER BY ordinal',
      [entries[0]?.messageId],
    );
    return rows.map(({ id }) => id);
  };
  const parkOne = async (command: Command): Promise<string> => {
    const [id = ''] = await park(encodeEnvelope([command]));
    return id;
  };
  const stateOf = async (id: string): Promise<string | undefined> =>
    (await fixture.database.query<{ state: string }>('SELECT state FROM dead_letters WHERE id = $1', [id]))[0]
      ?.state;
  const actionsOf = (id: string) =>
    fixture.database.query<{ said: string; why: string }>(
      `SELECT concat_ws(' ', action, actor, via, result) AS said, why FROM dead_letter_actions WHERE letter_id = $1 ORDER BY at`,
      [id],
    );
  const outcomeOf = async ({ commandId }: Command): Promise<string | undefined> => {
    const row = await fixture.outcomeRow(commandId);
    return row && [row.outcome, row.code ?? []].flat().join(' ');
  };
  /** Everything on the write queue, taken off it. */
  const queued = async (): Promise<{ messageId: unknown; body: Buffer }[]> => {
    const messages = [];
    for (;;) {
      const message = await channel.get(QUEUE, { noAck: true });
      if (message === false) return messages;
      messages.push({ messageId: message.properties.messageId as unknown, body: message.content });
    }
  };

  it('a replay puts the command on its queue, alone and counted anew, once', async () => {
    const [first, second] = [create({ attempt: 7 }), create()];
    const [letter = ''] = await park(encodeEnvelope([first, second]));
    const replay = act('dead_letter.replay', letter);
    expect(await write(replay)).toEqual(['committed']);
    expect(await stateOf(letter)).toBe('replaying');
    expect(await outbox.publishSome(SHARD)).toEqual({ taken: 1, failed: 0 });
    expect(await outbox.publishSome(SHARD)).toEqual({ taken: 0, failed: 0 });
    const messages = await queued();
    expect(messages.map(({ messageId }) => messageId)).toEqual([replay.commandId]);
    const { attempt: _attempt, ...expected } = first;
    expect(messages.flatMap(({ body }) => decodeEnvelope(body))).toEqual([
      { as: 'valid', command: expected },
    ]);
    expect(await stateOf(letter)).toBe('replayed');
    expect(await actionsOf(letter)).toEqual([
      { said: 'replay olga api done', why: 'the writer is newer now' },
    ]);
    // The job of the command goes on as parked until the command itself ends.
    expect(await outcomeOf(first)).toBe('parked');
    expect(await write(first)).toEqual(['committed']);
  });

  it('a letter keeps nothing of the commands that shared its message, and replays its own', async () => {
    const mine = create();
    const letters = await park(encodeEnvelope([create({ tenantId: 'somebody-else' }), mine]));
    const rows = await fixture.database.query<{ payload: Buffer }>(
      'SELECT payload FROM dead_letters WHERE id = ANY($1) ORDER BY ordinal',
      [letters],
    );
    expect(rows.map(({ payload }) => payload.includes('somebody-else'))).toEqual([true, false]);
    expect(await write(act('dead_letter.replay', letters[1] ?? ''))).toEqual(['committed']);
    await outbox.publishSome(SHARD);
    const messages = await queued();
    expect(messages.flatMap(({ body }) => decodeEnvelope(body))).toEqual([{ as: 'valid', command: mine }]);
  });

  it('repeating is harmless: the same command is the same action, another changes nothing', async () => {
    const letter = await parkOne(create());
    const replay = act('dead_letter.replay', letter);
    expect(await write(replay, replay)).toEqual(['committed', 'committed']);
    expect(await write(replay)).toEqual(['duplicate']);
    expect(await write(act('dead_letter.replay', letter))).toEqual(['superseded']);
    await outbox.publishSome(SHARD);
    expect(await write(act('dead_letter.replay', letter))).toEqual(['superseded']);
    expect(await queued()).toHaveLength(1);
    expect((await actionsOf(letter)).map(({ said }) => said)).toEqual([
      'replay olga api done',
      'replay olga api unchanged',
      'replay olga api unchanged',
    ]);
  });

  it('a replay that is given up again is a new letter, and is kept once however often it comes', async () => {
    const body = Buffer.from(
      JSON.stringify({ v: 1, commands: [{ ...create(), kind: 'post.pin', order: 1 }] }),
    );
    const [letter = ''] = await park(body);
    const replay = act('dead_letter.replay', letter);
    await write(replay);
    await outbox.publishSome(SHARD);
    const [message] = await queued();
    expect(message?.body).toEqual(body);
    const again = entriesOf(message?.body ?? Buffer.alloc(0), replay.commandId);
    for (let n = 0; n < 2; n++) await fixture.writer.write(batchOf(again));
    expect(
      await fixture.database.query('SELECT state, reason, kind FROM dead_letters WHERE message_id = $1', [
        replay.commandId,
      ]),
    ).toEqual([{ state: 'open', reason: 'newer_command', kind: 'post.pin' }]);
    expect(await stateOf(letter)).toBe('replayed');
  });

  it('a discard fails the job, and a command that ended meanwhile keeps its end', async () => {
    const [command, done] = [create(), create()];
    const letters = [await parkOne(command), await parkOne(done)] as const;
    expect(await write(done)).toEqual(['committed']);
    for (const letter of letters)
      expect(await write(act('dead_letter.discard', letter))).toEqual(['committed']);
    expect(await stateOf(letters[0])).toBe('discarded');
    expect(await outcomeOf(command)).toBe('discarded discarded');
    expect(await write(act('dead_letter.discard', letters[0]))).toEqual(['superseded']);
    expect((await actionsOf(letters[0])).map(({ said }) => said)).toEqual([
      'discard olga api done',
      'discard olga api unchanged',
    ]);
    // The row is there whatever the outcome says, and the job is read from it.
    expect(await fixture.database.query('SELECT id FROM posts WHERE id = $1', [done.postId])).toHaveLength(1);
  });

  it('a discarded command may be replayed and then ends as it ends', async () => {
    const poor = create({}, { content: 'x' });
    const letter = await parkOne(poor);
    await write(act('dead_letter.discard', letter));
    expect(await write(act('dead_letter.replay', letter))).toEqual(['committed']);
    await outbox.publishSome(SHARD);
    expect(await queued()).toHaveLength(1);
    const later = edit(poor, 1, { content: 'y' });
    await write(poor);
    const second = await parkOne(later);
    await write(act('dead_letter.discard', second));
    expect(await outcomeOf(later)).toBe('discarded discarded');
    await write(later);
    expect(await outcomeOf(later)).toBe('completed');
  });

  it('what was replayed cannot be discarded, and what was rejected cannot be replayed', async () => {
    const letter = await parkOne(create());
    await write(act('dead_letter.replay', letter));
    expect(await write(act('dead_letter.discard', letter))).toEqual(['rejected already_replayed']);
    await outbox.publishSome(SHARD);
    expect(await write(act('dead_letter.discard', letter))).toEqual(['rejected already_replayed']);
    await queued();
    const first = create();
    const taken = create({ postId: first.postId, commandId: uuidV7() });
    expect(await write(first, taken)).toEqual(['committed', 'rejected id_taken']);
    const rejected = await parkOne(taken);
    expect(await write(act('dead_letter.replay', rejected))).toEqual(['rejected not_replayable']);
    expect(await stateOf(rejected)).toBe('open');
    expect(await write(act('dead_letter.discard', rejected))).toEqual(['committed']);
    expect(await outcomeOf(taken)).toBe('rejected id_taken');
  });

  it('another tenant’s letter is not there, and one that cannot be read is for the command line alone', async () => {
    const letter = await parkOne(create());
    expect(await write(act('dead_letter.replay', letter, { tenantId: `${tenant}-other` }))).toEqual([
      'rejected not_found',
    ]);
    expect(await write(act('dead_letter.discard', uuidV7()))).toEqual(['rejected not_found']);
    expect(await actionsOf(letter)).toEqual([]);
    const [unreadable = ''] = await park(Buffer.from(`{"broken ${randomUUID()}`));
    expect(await write(act('dead_letter.discard', unreadable))).toEqual(['rejected not_found']);
    const cli = { via: 'cli', tenantId: '-' } as const;
    expect(await write(act('dead_letter.replay', unreadable, cli))).toEqual(['rejected not_replayable']);
    expect(await write(act('dead_letter.discard', unreadable, cli))).toEqual(['committed']);
    expect(await stateOf(unreadable)).toBe('discarded');
  });

  it('a broker that takes nothing leaves the replay for later', async () => {
    const letter = await parkOne(create());
    await write(act('dead_letter.replay', letter));
    await channel.unbindQueue(QUEUE, 'posts', QUEUE);
    expect(await outbox.publishSome(SHARD)).toEqual({ taken: 1, failed: 1 });
    expect(await stateOf(letter)).toBe('replaying');
    await channel.bindQueue(QUEUE, 'posts', QUEUE);
    expect(await outbox.publishSome(SHARD)).toEqual({ taken: 1, failed: 0 });
    expect(await queued()).toHaveLength(1);
  });

  it('two writers publish many replays once each', async () => {
    const letters = await park(encodeEnvelope(Array.from({ length: 60 }, () => create())));
    await write(...letters.map((letter) => act('dead_letter.replay', letter)));
    const counts = await Promise.all(Array.from({ length: 6 }, () => outbox.publishSome(SHARD)));
    const rest = await outbox.publishSome(SHARD);
    expect([...counts, rest].reduce((sum, { taken }) => sum + taken, 0)).toBe(60);
    expect(await queued()).toHaveLength(60);
  });
});
