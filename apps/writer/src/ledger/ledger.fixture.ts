import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Channel } from 'amqplib';
import { LedgerMirror } from '@spillway/cache';
import type { Command, CreatePost } from '@spillway/contracts';
import {
  encodeEnvelope,
  ENVELOPE_TYPE,
  ledgerGap,
  ShardDirectory,
  type LedgerFigures,
} from '@spillway/contracts/server';
import { readLedger, type Router } from '@spillway/database';
import { bulkQueue, QueueDepths, writeQueue, type Batch } from '@spillway/messaging';
import { eventually, notYet, readStack } from '@spillway/testing';
import { DeadLetterLanding } from '../dead-letters/land-dead-letters.js';
import { ReplayOutbox } from '../dead-letters/replay-outbox.js';
import { CommitFacts } from '../posts/commit-facts.js';
import { brokerFixture } from '../spec/broker-fixture.js';
import { creation } from '../spec/commands.js';
import { entriesOf, writerFixture, type WriterFixture } from '../spec/writer-fixture.js';
import { LedgerKeeper } from './ledger-keeper.js';

/** One writer, one gateway and their queues, whose ledger a spec looks at. */
export interface LedgerFixture extends Pick<WriterFixture, 'database' | 'cache'> {
  readonly channel: Channel;
  readonly keeper: LedgerKeeper;
  readonly mirror: LedgerMirror;
  readonly router: Router;
  readonly shard: string;
  readonly queue: string;
  readonly tenant: string;
  readonly create: (fields?: Partial<CreatePost>) => CreatePost;
  /** Publishes them as one message, and tells of it: as a gateway accepts them. */
  readonly accept: (...commands: readonly Command[]) => Promise<void>;
  readonly publish: (...commands: readonly Command[]) => Promise<void>;
  /** Tells how many were accepted. @param late how many tellings came too late so far */
  readonly tell: (late?: number) => Promise<boolean>;
  /** Takes everything from the queue as a writer does. @param acked whether it lives to ack the first message */
  readonly carryOut: (acked?: boolean) => Promise<void>;
  /** Takes everything from the queue as dead letters. */
  readonly park: () => Promise<void>;
  readonly openLetter: (commandId: string) => Promise<string>;
  /** Publishes what waits for its replay. */
  readonly replay: () => Promise<unknown>;
  /** What the mirror tells after a look. */
  readonly figures: () => Promise<Omit<LedgerFigures, 'at'>>;
  readonly depths: QueueDepths;
  readonly emptied: () => Promise<unknown>;
  /** How many accepted commands are nowhere. */
  readonly gap: () => Promise<number>;
  close(): Promise<void>;
}

export async function ledgerFixture(): Promise<LedgerFixture> {
  const shard = `spec-${randomBytes(4).toString('hex')}`;
  const [queue, queues] = [writeQueue(shard), [writeQueue(shard), bulkQueue(shard)]];
  const writing = await writerFixture('ledger', shard);
  const { database, cache, events } = writing;
  const { channel, publisher, ...broker } = await brokerFixture(readStack().urlOf('rabbitmq'), queues);
  const router = await writing.openRouter();
  const facts = new CommitFacts(router);
  const writer = writing.writerOn(router, { facts });
  const mirror = new LedgerMirror(cache);
  const keeper = new LedgerKeeper({
    ...{ router, mirror, facts, writer: 'spec', settleMs: 0 },
    consuming: () => true,
  });
  const directory = ShardDirectory.parse(`${shard}:0-1023`);
  const landing = new DeadLetterLanding(router, directory, events);
  const outbox = new ReplayOutbox(router, publisher, directory, events);
  const depths = new QueueDepths(monitorUrl());
  const tenant = `spec-${randomUUID()}`;

  let lateSoFar = 0;
  const tell: LedgerFixture['tell'] = (late = lateSoFar) => {
    lateSoFar = late;
    return mirror.putAccepted(shard, 'gateway-1/a', { accepted: publisher.accepted.get(queue) ?? 0, late });
  };
  const publish: LedgerFixture['publish'] = (...commands) =>
    publisher.publish({
      messageId: randomUUID(),
      type: ENVELOPE_TYPE,
      routingKey: queue,
      body: encodeEnvelope(commands),
      posts: commands.length,
      timestamp: Date.now(),
    });
  const messages = async (): Promise<number> =>
    [...(await depths.read(queues)).values()].reduce((sum, { ready, unacked }) => sum + ready + unacked, 0);
  /** Hands every message to `take`. @param acked whether it lives to ack the first. */
  const each = async (take: (batch: Batch) => Promise<unknown>, acked: boolean): Promise<void> => {
    for (let message = await channel.get(queue); message !== false; message = await channel.get(queue)) {
      const entries = entriesOf(message.content, String(message.properties.messageId));
      await take({ queue, trigger: 'age', attempt: 1, entries });
      if (!acked) return void channel.nack(message);
      channel.ack(message);
    }
  };
  const dead = { reason: 'delivery_limit', count: 20 };

  return {
    ...{ database, cache, channel, keeper, mirror, router, shard, queue, tenant, publish, tell, depths },
    create: (fields) => creation(tenant, {}, fields),
    async accept(...commands) {
      await publish(...commands);
      await tell();
    },
    carryOut: (acked = true) => each((batch) => writer.write(batch), acked),
    park: () =>
      each(
        (batch) =>
          landing.land({ ...batch, entries: batch.entries.map((entry) => ({ ...entry, death: dead })) }),
        true,
      ),
    async openLetter(commandId) {
      const rows = await database.query<{ id: string }>('SELECT id FROM dead_letters WHERE command_id = $1', [
        commandId,
      ]);
      return rows[0]?.id ?? '';
    },
    replay: () => outbox.publishSome(shard),
    async figures() {
      await keeper.look(shard);
      const told = await mirror.figures(shard);
      if (!told) throw new Error('the mirror tells nothing of the shard');
      const { at: _at, ...rest } = told;
      return rest;
    },
    emptied: () =>
      eventually(
        'the management API sees empty queues',
        async () => {
          const left = await messages();
          return left === 0 || notYet(left);
        },
        { deadlineMs: 20_000, everyMs: 250 },
      ),
    async gap() {
      const before = await router.onPrimary(shard, readLedger);
      const waiting = await messages();
      return ledgerGap(before, waiting, await router.onPrimary(shard, readLedger));
    },
    async close() {
      await broker.close();
      for (const what of ['accepted', 'ledger'])
        await cache.call((redis) => redis.del(`spillway:${what}:${shard}`));
      await writing.close();
    },
  };
}

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
