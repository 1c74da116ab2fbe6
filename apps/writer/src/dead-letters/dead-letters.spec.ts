import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect, type Channel, type ChannelModel } from 'amqplib';
import { CacheConnection, Results } from '@spillway/cache';
import {
  uuidV7,
  uuidV7Time,
  type Command,
  type CreatePost,
  type DiscardDeadLetter,
  type ReplayDeadLetter,
} from '@spillway/contracts';
import { decodeEnvelope, encodeEnvelope, ShardDirectory } from '@spillway/contracts/server';
import { migrate, Router } from '@spillway/database';
import { BrokerConnection, Publisher, topology, writeQueue } from '@spillway/messaging';
import {
  createSpecDatabase,
  createVirtualHost,
  eventually,
  type LeakCheck,
  quietLogger,
  readStack,
  type SpecDatabase,
  type VirtualHost,
  watchLeaks,
} from '@spillway/testing';
import { Events } from '../events.js';
import { commandHandlers } from '../handlers.js';
import { BatchWriter } from '../posts/batch-writer.js';
import { Partitions } from '../posts/partitions.js';
import { entriesOf, openRouterTo, SHARD, shown } from '../spec/writer-fixture.js';
import { DeadLetterLanding } from './land-dead-letters.js';
import { ReplayOutbox } from './replay-outbox.js';

const QUEUE = writeQueue(SHARD);

describe('what operators do about dead letters', () => {
  let leaks: LeakCheck;
  let database: SpecDatabase;
  let host: VirtualHost;
  let model: ChannelModel;
  let channel: Channel;
  let connection: BrokerConnection;
  let publisher: Publisher;
  let cache: CacheConnection;
  let router: Router;
  let writer: BatchWriter;
  let landing: DeadLetterLanding;
  let outbox: ReplayOutbox;
  const tenant = `spec-${randomUUID()}`;

  beforeAll(async () => {
    leaks = watchLeaks();
    database = await createSpecDatabase('letters');
    await migrate(database.urlOf('migrator'));
    host = await createVirtualHost(`spec-letters-${randomBytes(4).toString('hex')}`);
    model = await connect(host.url);
    channel = await model.createChannel();
    for (const { name, type } of topology([SHARD]).exchanges) await channel.assertExchange(name, type);
    await channel.assertQueue(QUEUE, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    await channel.bindQueue(QUEUE, 'posts', QUEUE);
    connection = BrokerConnection.open({ urls: [host.url], name: 'a spec', logger: quietLogger });
    publisher = new Publisher({ connection, logger: quietLogger, timeoutMs: 3_000, maxUnconfirmed: 100 });
    await eventually('the gate opens', () => publisher.closedBecause === null);
    cache = CacheConnection.open({ url: readStack().urlOf('redis'), name: 'a spec', logger: quietLogger });
    router = openRouterTo(database.urlOf('writer'));
    await eventually('the primary is found', () => router.hasPrimaries);
    const events = new Events(quietLogger);
    const directory = ShardDirectory.parse(`${SHARD}:0-1023`);
    const results = new Results(cache);
    const partitions = new Partitions(router);
    writer = new BatchWriter({ router, results, handlers: commandHandlers(), partitions, events });
    landing = new DeadLetterLanding(router, directory, events);
    outbox = new ReplayOutbox(router, publisher, directory, events);
  });
  afterAll(async () => {
    await publisher.close();
    await connection.close();
    await model.close();
    await host.remove();
    await router.close();
    await cache.close();
    await database.drop();
    await leaks.expectNoLeaks();
  });

  const create = (fields: Partial<CreatePost> = {}): CreatePost => {
    const postId = uuidV7();
    return {
      kind: 'post.create',
      commandId: postId,
      postId,
      tenantId: tenant,
      actor: { sub: 'alice', moderator: false },
      acceptedAt: Date.now(),
      post: { authorId: 'alice', content: 'hello', tags: [] },
      ...fields,
    };
  };
  const act = (
    kind: Command['kind'] & `dead_letter.${string}`,
    letterId: string,
    fields: Partial<ReplayDeadLetter> = {},
  ): ReplayDeadLetter | DiscardDeadLetter => {
    const commandId = uuidV7();
    return {
      commandId,
      postId: commandId,
      tenantId: tenant,
      actor: { sub: 'olga', moderator: false },
      acceptedAt: Date.now(),
      letterId,
      why: 'the writer is newer now',
      via: 'api',
      ...fields,
      kind,
    };
  };
  const write = async (...commands: readonly Command[]): Promise<string[]> =>
    (
      await writer.write({
        queue: QUEUE,
        trigger: 'age',
        attempt: 1,
        entries: commands.flatMap((command) => entriesOf(encodeEnvelope([command]))),
      })
    ).map(shown);
  /** Puts a message aside as the broker does after too many deliveries; the ids of its letters, in order. */
  const park = async (body: Buffer): Promise<string[]> => {
    const entries = entriesOf(body).map((entry) => ({
      ...entry,
      death: { reason: 'delivery_limit', count: 20 },
    }));
    await landing.land({ queue: 'posts.dead', trigger: 'age', attempt: 1, entries });
    const rows = await database.query<{ id: string }>(
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
    (await database.query<{ state: string }>('SELECT state FROM dead_letters WHERE id = $1', [id]))[0]?.state;
  const actionsOf = (id: string) =>
    database.query<{ said: string; why: string }>(
      `SELECT concat_ws(' ', action, actor, via, result) AS said, why FROM dead_letter_actions WHERE letter_id = $1 ORDER BY at`,
      [id],
    );
  const outcomeOf = async ({ commandId }: Command) =>
    (
      await database.query<{ said: string }>(
        `SELECT concat_ws(' ', outcome, code) AS said FROM command_outcomes WHERE tenant_id = $1 AND command_id = $2`,
        [tenant, commandId],
      )
    )[0]?.said;
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
    for (let n = 0; n < 2; n++)
      await writer.write({ queue: QUEUE, trigger: 'age', attempt: 1, entries: again });
    expect(
      await database.query('SELECT state, reason, kind FROM dead_letters WHERE message_id = $1', [
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
    expect(await database.query('SELECT id FROM posts WHERE id = $1', [done.postId])).toHaveLength(1);
  });

  it('a discarded command may be replayed and then ends as it ends', async () => {
    const poor = create({ post: { authorId: 'alice', content: 'x', tags: [] } });
    const letter = await parkOne(poor);
    await write(act('dead_letter.discard', letter));
    expect(await write(act('dead_letter.replay', letter))).toEqual(['committed']);
    await outbox.publishSome(SHARD);
    expect(await queued()).toHaveLength(1);
    const edit: Command = {
      ...poor,
      kind: 'post.edit',
      commandId: uuidV7(uuidV7Time(poor.postId) + 1),
      edit: { content: 'y' },
    };
    await write(poor);
    const second = await parkOne(edit);
    await write(act('dead_letter.discard', second));
    expect(await outcomeOf(edit)).toBe('discarded discarded');
    await write(edit);
    expect(await outcomeOf(edit)).toBe('completed');
  });

  it('what was replayed cannot be discarded, and what was rejected cannot be replayed', async () => {
    const letter = await parkOne(create());
    await write(act('dead_letter.replay', letter));
    expect(await write(act('dead_letter.discard', letter))).toEqual(['rejected already_replayed']);
    await outbox.publishSome(SHARD);
    expect(await write(act('dead_letter.discard', letter))).toEqual(['rejected already_replayed']);
    await queued();
    const first = create();
    const taken = create({ postId: first.postId });
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
