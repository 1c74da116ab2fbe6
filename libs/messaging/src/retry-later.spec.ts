import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Channel } from 'amqplib';
import { uuidV7, type Command, type EditPost } from '@spillway/contracts';
import { decodeEnvelope, encodeEnvelope } from '@spillway/contracts/server';
import { eventually, manageBroker, notYet, quietLogger } from '@spillway/testing';
import type { Batch } from './batch.js';
import { BatchServer } from './batch-server.js';
import { BrokerConnection } from './broker-connection.js';
import { declareTopology } from './declare-topology.js';
import type { Outcome } from './outcome.js';
import { NOT_PUBLISHED, PublishError } from './publish-error.js';
import { Publisher } from './publisher.js';
import { splitUp } from './split-up.js';
import { retryLater, type RetryLater } from './retry-later.js';
import { openVirtualHost, type OwnVirtualHost } from './spec/open-virtual-host.js';
import { RETRY_QUEUE, topology, writeQueue } from './topology.js';

const PATTERN = 'a.pattern';
const QUEUE = writeQueue('s0');
/** The broker's own figures are some seconds old, and a batch that was given back rests as long. */
const SLOW_MS = 45_000;

describe('what came early', () => {
  let host: OwnVirtualHost;
  let control: Channel;
  let connection: BrokerConnection;
  let publishing: BrokerConnection;
  let publisher: Publisher;
  let server: BatchServer | undefined;
  let seen: Batch[];
  let gate: PromiseWithResolvers<undefined>;

  beforeAll(async () => {
    host = await openVirtualHost('retry');
    ({ control } = host);
    await declareTopology(host.url, topology(['s0']));
    connection = BrokerConnection.open({ urls: [host.url], name: 'a spec', logger: quietLogger });
    publishing = BrokerConnection.open({ urls: [host.url], name: 'a spec', logger: quietLogger });
    publisher = new Publisher({
      connection: publishing,
      logger: quietLogger,
      timeoutMs: 10_000,
      maxUnconfirmed: 9,
    });
    await eventually('the gate opens', () => publisher.closedBecause === null);
  });
  afterAll(async () => {
    await publisher.close();
    await Promise.all([connection.close(), publishing.close()]);
    await host.close();
  });
  beforeEach(() => {
    seen = [];
    gate = Promise.withResolvers<undefined>();
  });
  afterEach(async () => {
    gate.resolve(undefined);
    await server?.close();
    await control.purgeQueue(QUEUE);
    await control.purgeQueue(RETRY_QUEUE);
  });

  const serve = (outcomeOf: (command: Command) => Outcome, again: RetryLater): void => {
    const limits = { maxCommands: 500, maxBytes: 1_000_000, maxAgeMs: 20 };
    const lanes = [{ queue: QUEUE, pattern: PATTERN, limits, prefetch: 100, splitsSuspects: true }];
    server = new BatchServer({
      connection,
      logger: quietLogger,
      lanes,
      retryLater: again,
      splitUp: splitUp(publisher),
    });
    const handle = (batch: Batch): Promise<readonly Outcome[]> => {
      seen.push(batch);
      return Promise.resolve(commandsOf(batch).map(outcomeOf));
    };
    server.addHandler(PATTERN, handle, true);
    server.listen(() => undefined);
  };
  const send = (...commands: Command[]): void => {
    for (const command of commands)
      control.sendToQueue(QUEUE, encodeEnvelope([command]), { persistent: true });
  };
  const handled = (): Command[] => seen.flatMap(commandsOf);
  const unrouted = async (): Promise<number> => (await control.checkQueue(RETRY_QUEUE)).messageCount;
  const waiting = async (): Promise<number> => (await control.checkQueue(QUEUE)).messageCount;

  it('goes round by the retry queue, one attempt more each time, and alone', async () => {
    const [early, other] = [edit(), edit()];
    serve(
      ({ commandId, attempt = 0 }) =>
        commandId === early.commandId && attempt < 2 ? { result: 'early' } : { result: 'committed' },
      retryLater(publisher),
    );
    const startedAt = performance.now();
    send(early, other);
    await eventually('it has come twice more', () => handled().length >= 4 || notYet(handled().length), {
      deadlineMs: 15_000,
    });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(1_900);
    const [first, second, ...later] = handled();
    expect([first, second]).toEqual([early, other]);
    expect(later).toEqual([
      { ...early, attempt: 1 },
      { ...early, attempt: 2 },
    ]);
    await server?.close();
    expect(await waiting()).toBe(0);
    expect((await control.checkQueue(RETRY_QUEUE)).messageCount).toBe(0);
  });

  it(
    'is acked only after the broker has it on the retry queue',
    async () => {
      let asked = 0;
      serve(
        ({ attempt = 0 }) => (attempt === 0 ? { result: 'early' } : { result: 'committed' }),
        async (queue, commands) => {
          asked++;
          await gate.promise;
          await retryLater(publisher)(queue, commands);
        },
      );
      send(edit());
      await eventually('it is being sent round', () => asked === 1);
      const unacked = async (): Promise<number> => {
        const queue = await manageBroker('GET', `queues/${host.name}/${QUEUE}`);
        return (queue as { messages_unacknowledged?: number }).messages_unacknowledged ?? -1;
      };
      await eventually('the broker counts it as not acked', async () => (await unacked()) === 1, {
        deadlineMs: 20_000,
      });
      gate.resolve(undefined);
      await eventually('it has come back', () => handled().length === 2, { deadlineMs: 15_000 });
      await server?.close();
      expect(await waiting()).toBe(0);
    },
    SLOW_MS,
  );

  it(
    'holds its batch while it cannot be sent round, and the batch is tried again',
    async () => {
      const lost = new Publisher({
        connection: publishing,
        logger: quietLogger,
        timeoutMs: 10_000,
        maxUnconfirmed: 0,
      });
      let failing = true;
      serve(
        ({ attempt = 0 }) => (attempt === 0 ? { result: 'early' } : { result: 'committed' }),
        (queue, commands) => retryLater(failing ? lost : publisher)(queue, commands),
      );
      send(edit());
      await eventually('it is held', () => server?.held !== undefined);
      await eventually('it is tried again', () => (seen.at(-1)?.attempt ?? 0) >= 3);
      expect(handled().every(({ attempt }) => attempt === undefined)).toBe(true);
      failing = false;
      await eventually('it has come back', () => handled().at(-1)?.attempt === 1, { deadlineMs: 15_000 });
      expect(server?.held).toBeUndefined();
      await server?.close();
      await lost.close();
      expect(await waiting()).toBe(0);
    },
    SLOW_MS,
  );

  it(
    'keeps nothing else from being carried out and acked while it cannot be sent round',
    async () => {
      const [early, beside, ...later] = Array.from({ length: 8 }, edit);
      serve(
        ({ commandId, attempt = 0 }) =>
          commandId === early?.commandId && attempt === 0 ? { result: 'early' } : { result: 'committed' },
        () => Promise.reject(new PublishError(NOT_PUBLISHED.blocked)),
      );
      if (!early || !beside) throw new Error('there are eight');
      control.sendToQueue(QUEUE, encodeEnvelope([early, beside]), { persistent: true });
      await eventually('it is held', () => server?.held !== undefined);
      send(...later);
      const timesOf = ({ commandId }: Command): number =>
        handled().filter((command) => command.commandId === commandId).length;
      await eventually('the others are handled', () => later.every((command) => timesOf(command) > 0));
      const attempts = timesOf(early);
      await eventually('it is tried again', () => timesOf(early) >= attempts + 2);
      expect([beside, ...later].map(timesOf)).toEqual([beside, ...later].map(() => 1));
      await server?.close();
      await eventually('what is not acked is back', async () => (await waiting()) === 1);
      serve(() => ({ result: 'committed' }), notExpected);
      await eventually(
        'only its message comes again',
        () => handled().at(-1)?.commandId === beside.commandId,
      );
      await server?.close();
      expect(await waiting()).toBe(0);
      expect(later.map(timesOf)).toEqual(later.map(() => 1));
    },
    SLOW_MS,
  );

  it(
    'gives its batch back to the broker when sending it round fails in another way',
    async () => {
      let calls = 0;
      serve(
        ({ attempt = 0 }) => (attempt === 0 ? { result: 'early' } : { result: 'committed' }),
        (queue, commands) =>
          ++calls === 1 ? Promise.reject(new Error('a bug')) : retryLater(publisher)(queue, commands),
      );
      send(edit());
      await eventually('it has come back', () => handled().at(-1)?.attempt === 1, { deadlineMs: 30_000 });
      await server?.close();
      expect(calls).toBe(2);
      expect(await waiting()).toBe(0);
    },
    SLOW_MS,
  );

  it(
    'is not sent round again with what was refused after it',
    async () => {
      const all = Array.from({ length: 3 * 64 }, edit);
      const roomFor = (messages: number): Promise<unknown> =>
        manageBroker('PUT', `policies/${host.name}/room`, {
          ...{ pattern: RETRY_QUEUE, 'apply-to': 'queues', definition: { 'max-length': messages } },
        });
      await roomFor(1);
      serve(
        ({ attempt = 0 }) => (attempt === 0 ? { result: 'early' } : { result: 'committed' }),
        retryLater(publisher),
      );
      control.sendToQueue(QUEUE, encodeEnvelope(all), { persistent: true });
      await eventually('some are held', () => server?.held !== undefined);
      // Without any limit the queue would never tell that there is room again.
      await roomFor(1_000);
      const back = (): string[] =>
        handled().flatMap(({ attempt, commandId }) => (attempt === 1 ? [commandId] : []));
      await eventually('all have come back', () => new Set(back()).size === all.length, {
        deadlineMs: 30_000,
      });
      await eventually('none is on its way', async () => (await unrouted()) === 0, { deadlineMs: 15_000 });
      await server?.close();
      expect(await waiting()).toBe(0);
      expect(back()).toHaveLength(all.length);
    },
    SLOW_MS,
  );

  it('is never more than 64 commands in a message', async () => {
    await retryLater(publisher)(QUEUE, Array.from({ length: 130 }, edit));
    const sizes = await eventually('all have come back to their queue', async () => {
      if ((await waiting()) < 3) return null;
      const found: number[] = [];
      for (
        let m = await control.get(QUEUE, { noAck: true });
        m;
        m = await control.get(QUEUE, { noAck: true })
      )
        found.push(decodeEnvelope(m.content).length);
      return found;
    });
    expect(sizes).toEqual([64, 64, 2]);
  });
});

const notExpected = (): Promise<void> => Promise.reject(new Error('nothing was to be sent round'));

const commandsOf = (batch: Batch): Command[] =>
  batch.entries.flatMap(({ decoded }) => (decoded.as === 'valid' ? [decoded.command] : []));

const edit = (): EditPost => ({
  kind: 'post.edit',
  commandId: uuidV7(),
  postId: uuidV7(),
  tenantId: `spec-${randomUUID()}`,
  actor: { sub: 'alice', moderator: false },
  acceptedAt: Date.now(),
  edit: { content: 'edited' },
});
