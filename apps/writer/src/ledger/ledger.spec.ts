import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { connect, type Channel, type ChannelModel } from 'amqplib';
import { CacheConnection, LedgerMirror, Results } from '@spillway/cache';
import { uuidV7, uuidV7Time, type Command, type CreatePost } from '@spillway/contracts';
import {
  decodeEnvelope,
  encodeEnvelope,
  ENVELOPE_TYPE,
  ledgerGap,
  ShardDirectory,
} from '@spillway/contracts/server';
import { migrate, readLedger, Router } from '@spillway/database';
import {
  BrokerConnection,
  bulkQueue,
  Publisher,
  QueueDepths,
  writeQueue,
  type BatchEntry,
} from '@spillway/messaging';
import {
  createSpecDatabase,
  eventually,
  notYet,
  quietLogger,
  readStack,
  watchLeaks,
} from '@spillway/testing';
import type { LeakCheck, SpecDatabase } from '@spillway/testing';
import { DeadLetterLanding } from '../dead-letters/land-dead-letters.js';
import { ReplayOutbox } from '../dead-letters/replay-outbox.js';
import { Events } from '../events.js';
import { commandHandlers } from '../handlers.js';
import { BatchWriter } from '../posts/batch-writer.js';
import { CommitFacts } from '../posts/commit-facts.js';
import { Partitions } from '../posts/partitions.js';
import { openRouterTo } from '../spec/writer-fixture.js';
import { purgeFacts } from './fact.store.js';
import { LedgerKeeper } from './ledger-keeper.js';

const SHARD = `spec-${randomBytes(4).toString('hex')}`;
const QUEUES = [writeQueue(SHARD), bulkQueue(SHARD)];
const [QUEUE = ''] = QUEUES;

describe('the ledger', () => {
  let leaks: LeakCheck;
  let database: SpecDatabase;
  let model: ChannelModel;
  let channel: Channel;
  let connection: BrokerConnection;
  let publisher: Publisher;
  let cache: CacheConnection;
  let mirror: LedgerMirror;
  let router: Router;
  let writer: BatchWriter;
  let landing: DeadLetterLanding;
  let outbox: ReplayOutbox;
  let keeper: LedgerKeeper;
  let depths: QueueDepths;
  const tenant = `spec-${randomUUID()}`;

  beforeAll(async () => {
    leaks = watchLeaks();
    database = await createSpecDatabase('ledger');
    await migrate(database.urlOf('migrator'));
    model = await connect(readStack().urlOf('rabbitmq'));
    channel = await model.createChannel();
    for (const queue of QUEUES) {
      await channel.assertQueue(queue, { arguments: { 'x-queue-type': 'quorum' } });
      await channel.bindQueue(queue, 'posts', queue);
    }
    connection = BrokerConnection.open({
      urls: [readStack().urlOf('rabbitmq')],
      name: 'a spec',
      logger: quietLogger,
    });
    publisher = new Publisher({ connection, logger: quietLogger, timeoutMs: 3_000, maxUnconfirmed: 100 });
    await eventually('the gate opens', () => publisher.closedBecause === null);
    cache = CacheConnection.open({ url: readStack().urlOf('redis'), name: 'a spec', logger: quietLogger });
    await eventually('redis answers', async () => (await cache.call((redis) => redis.ping())).ok);
    router = openRouterTo(database.urlOf('writer'), SHARD);
    await eventually('the primary is found', () => router.hasPrimaries);
    const events = new Events(quietLogger);
    const directory = ShardDirectory.parse(`${SHARD}:0-1023`);
    const facts = new CommitFacts(router);
    const results = new Results(cache);
    writer = new BatchWriter({
      router,
      results,
      handlers: commandHandlers(),
      partitions: new Partitions(router),
      events,
      facts,
    });
    mirror = new LedgerMirror(cache);
    keeper = new LedgerKeeper({ router, mirror, facts, writer: 'spec', consuming: () => true, settleMs: 0 });
    landing = new DeadLetterLanding(router, directory, events);
    outbox = new ReplayOutbox(router, publisher, directory, events);
    depths = new QueueDepths(monitorUrl());
  });
  afterAll(async () => {
    for (const queue of QUEUES) await channel.deleteQueue(queue);
    await publisher.close();
    await connection.close();
    await model.close();
    await router.close();
    for (const what of ['accepted', 'ledger'])
      await cache.call((redis) => redis.del(`spillway:${what}:${SHARD}`));
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
  let late = 0;
  const tell = (): Promise<boolean> =>
    mirror.putAccepted(SHARD, 'gateway-1/a', { accepted: publisher.accepted.get(QUEUE) ?? 0, late });
  /** As a gateway accepts them, and tells of it. */
  const accept = async (...commands: readonly Command[]): Promise<void> => {
    await publish(...commands);
    await tell();
  };
  const publish = (...commands: readonly Command[]): Promise<void> =>
    publisher.publish({
      messageId: randomUUID(),
      type: ENVELOPE_TYPE,
      routingKey: QUEUE,
      body: encodeEnvelope(commands),
      posts: commands.length,
      timestamp: Date.now(),
    });
  /** Takes everything from the queue as a writer does. @param acked whether it lives to ack the first message. */
  const carryOut = async (park = false, acked = true): Promise<void> => {
    for (let message = await channel.get(QUEUE); message !== false; message = await channel.get(QUEUE)) {
      const { content: body } = message;
      const entries = decodeEnvelope(body).map((decoded, ordinal): BatchEntry => ({
        decoded,
        messageId: String((message || undefined)?.properties.messageId),
        ordinal,
        body,
        death: park ? { reason: 'delivery_limit', count: 20 } : undefined,
        context: ROOT_CONTEXT,
      }));
      const batch = { queue: QUEUE, trigger: 'age', attempt: 1, entries } as const;
      await (park ? landing.land(batch) : writer.write(batch));
      if (acked) channel.ack(message);
      else channel.nack(message);
      if (!acked) return;
    }
  };
  const figures = async () => {
    await keeper.look(SHARD);
    const { at: _at, ...rest } = (await mirror.figures(SHARD)) ?? { at: 0 };
    return rest;
  };
  const emptied = () =>
    eventually(
      'the management API sees empty queues',
      async () => {
        const counted = [...(await depths.read(QUEUES)).values()];
        return counted.every(({ ready, unacked }) => ready + unacked === 0) || notYet(counted);
      },
      { deadlineMs: 20_000, everyMs: 250 },
    );
  const gap = async (): Promise<number> => {
    const before = await router.onPrimary(SHARD, readLedger);
    const counted = [...(await depths.read(QUEUES)).values()];
    const messages = counted.reduce((sum, { ready, unacked }) => sum + ready + unacked, 0);
    return ledgerGap(before, messages, await router.onPrimary(SHARD, readLedger));
  };
  const edit = (post: CreatePost, commandId: string): Command => ({
    ...post,
    kind: 'post.edit',
    commandId,
    edit: { content: commandId },
  });
  const act = (kind: 'dead_letter.replay' | 'dead_letter.discard', letterId: string): Command => {
    const commandId = uuidV7();
    const who = { tenantId: tenant, actor: { sub: 'olga', moderator: false }, acceptedAt: Date.now() };
    return { ...who, kind, commandId, postId: commandId, letterId, why: 'spec', via: 'api' };
  };
  const openLetter = async (commandId: string): Promise<string> =>
    (
      await database.query<{ id: string }>('SELECT id FROM dead_letters WHERE command_id = $1', [commandId])
    )[0]?.id ?? '';

  it('balances creations, repeats, edits that came too late, and rejections', async () => {
    const [first, second] = [create(), create()];
    const late = uuidV7(uuidV7Time(first.postId) + 1);
    const newer = uuidV7(uuidV7Time(first.postId) + 2);
    await accept(first, second, first);
    await accept(edit(first, newer), create({ postId: first.postId }));
    await carryOut();
    await accept(edit(first, late));
    await carryOut();
    expect(await figures()).toEqual({
      accepted: 6,
      committed: 3,
      duplicate: 1,
      superseded: 1,
      failed: 1,
      parked: 0,
      surplus: 0,
    });
    await emptied();
    expect(await gap()).toBe(0);
  }, 40_000);

  it('follows what is parked, replayed, discarded, and replayed after all', async () => {
    const before = await figures();
    const [one, two] = [create(), create()];
    await accept(one, two);
    await carryOut(true);
    expect(await figures()).toEqual({ ...before, accepted: 8, parked: 2 });
    const [first, second] = [await openLetter(one.commandId), await openLetter(two.commandId)];
    await accept(act('dead_letter.replay', first), act('dead_letter.discard', second));
    await carryOut();
    // Two actions were committed; one letter waits for the broker, the other has failed.
    expect(await figures()).toEqual({ ...before, accepted: 10, committed: 5, failed: 2, parked: 1 });
    await outbox.publishSome(SHARD);
    await carryOut();
    expect(await figures()).toEqual({ ...before, accepted: 10, committed: 6, failed: 2 });
    await accept(act('dead_letter.replay', second));
    await carryOut();
    await outbox.publishSome(SHARD);
    await carryOut();
    expect(await figures()).toEqual({ ...before, accepted: 11, committed: 8, failed: 1 });
  });

  it('counts a replay of what had been carried out meanwhile as a repeat', async () => {
    const before = await figures();
    const command = create();
    await accept(command);
    await carryOut(true);
    await accept(command);
    await carryOut();
    await accept(act('dead_letter.replay', await openLetter(command.commandId)));
    await carryOut();
    await outbox.publishSome(SHARD);
    await carryOut();
    const { accepted = 0, committed = 0, duplicate = 0 } = before as Record<string, number>;
    const after = { accepted: accepted + 3, committed: committed + 2, duplicate: duplicate + 1 };
    expect(await figures()).toEqual({ ...before, ...after });
  });

  it('keeps what gateways accepted when Redis loses it, and adds up what restarts', async () => {
    const before = (await figures()) as { accepted: number };
    await cache.call((redis) => redis.del(`spillway:accepted:${SHARD}`));
    expect(await figures()).toEqual(before);
    await mirror.putAccepted(SHARD, 'gateway-1/b', { accepted: 2, late: 0 });
    expect(await figures()).toMatchObject({ accepted: before.accepted + 2 });
    await database.query(`DELETE FROM ledger_accepted WHERE source = 'gateway-1/b'`);
  });

  it('knows for good what was delivered twice, and goes on balanced', async () => {
    await cache.call((redis) => redis.del(`spillway:accepted:${SHARD}`));
    await accept(create(), create());
    await carryOut(false, false);
    await carryOut();
    await figures();
    expect(await figures()).toMatchObject({ surplus: 2 });
    await accept(create());
    expect(await figures()).toMatchObject({ surplus: 2 });
    await carryOut();
    await figures();
    expect(await figures()).toMatchObject({ surplus: 2 });
    await emptied();
    expect(await gap()).toBe(0);
  }, 40_000);

  it('takes no late telling for a loss', async () => {
    const before = await figures();
    await publish(create());
    await carryOut();
    await figures();
    expect(await figures()).toMatchObject({ surplus: 3 });
    late = 1;
    await tell();
    const { accepted, committed } = before as { accepted: number; committed: number };
    expect(await figures()).toEqual({ ...before, accepted: accepted + 1, committed: committed + 1 });
    await emptied();
    expect(await gap()).toBe(0);
  }, 40_000);

  it('tells a loss that what was delivered twice would have hidden', async () => {
    await accept(create(), create());
    await keeper.look(SHARD);
    await channel.purgeQueue(QUEUE);
    await emptied();
    await figures();
    expect(await gap()).toBe(2);
    expect(await figures()).toMatchObject({ surplus: 2 });
  }, 40_000);

  it('is unbalanced when messages are deleted behind our back, and not while they wait', async () => {
    const before = await gap();
    await cache.call((redis) => redis.del(`spillway:accepted:${SHARD}`));
    await accept(create(), create());
    await accept(create());
    await keeper.look(SHARD);
    await eventually(
      'the management API sees the messages',
      async () => ((await depths.read(QUEUES)).get(QUEUE)?.ready ?? 0) === 2,
      { deadlineMs: 20_000, everyMs: 250 },
    );
    expect(await gap()).toBe(0);
    await channel.purgeQueue(QUEUE);
    await emptied();
    expect(await gap()).toBe(before + 3);
  }, 60_000);

  it('keeps facts of batches, runs of writers and their commits', async () => {
    const rows = await database.query<{ whole: boolean; commands: string }>(
      `SELECT bool_and(writer = 'spec writer' AND lane = 'write' AND attempt = 1 AND started_at <= applied_at
         AND committed_at >= applied_at - interval '1 second' AND timeline = 1 AND lsn IS NOT NULL) AS whole,
         sum(commands)::text AS commands FROM batches`,
    );
    expect(rows).toEqual([{ whole: true, commands: expect.stringMatching(/^\d+$/) }]);
    expect(await database.query(`SELECT writer, seen_at > started_at AS seen FROM writer_runs`)).toEqual([
      { writer: 'spec', seen: true },
    ]);
    await database.query(`UPDATE batches SET applied_at = applied_at - interval '9 days'`);
    await database.query(`UPDATE writer_runs SET seen_at = seen_at - interval '9 days'`);
    await router.onPrimary(SHARD, purgeFacts);
    expect(await database.query('SELECT xid FROM batches UNION ALL SELECT NULL FROM writer_runs')).toEqual(
      [],
    );
  });
});

/** The management API with the user that may only look. */
function monitorUrl(): string {
  const stack = readStack();
  const text = readFileSync(join(stack.dir, 'secrets.json'), 'utf8');
  const { passwords } = JSON.parse(text) as { passwords: Record<string, string> };
  const url = new URL(stack.one('rabbitmq').adminUrl ?? '');
  url.username = 'monitor';
  url.password = passwords['amqpMonitor'] ?? '';
  return url.href;
}
