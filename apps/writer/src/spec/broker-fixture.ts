import { connect, type Channel } from 'amqplib';
import { BrokerConnection, Publisher, topology } from '@spillway/messaging';
import { eventually, quietLogger } from '@spillway/testing';
import { SHARD } from './writer-fixture.js';

/** Queues of a spec's own, a publisher to them, and a channel to look at them. */
export interface BrokerFixture {
  readonly channel: Channel;
  readonly publisher: Publisher;
  close(): Promise<void>;
}

/** @param url of the virtual host that these queues belong to */
export async function brokerFixture(url: string, queues: readonly string[]): Promise<BrokerFixture> {
  const model = await connect(url);
  const channel = await model.createChannel();
  for (const { name, type } of topology([SHARD]).exchanges) await channel.assertExchange(name, type);
  for (const queue of queues) {
    await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    await channel.bindQueue(queue, 'posts', queue);
  }
  const connection = BrokerConnection.open({ urls: [url], name: 'a spec', logger: quietLogger });
  const publisher = new Publisher({ connection, logger: quietLogger, timeoutMs: 3_000, maxUnconfirmed: 100 });
  await eventually('the gate opens', () => publisher.closedBecause === null);
  return {
    channel,
    publisher,
    async close() {
      for (const queue of queues) await channel.deleteQueue(queue);
      await publisher.close();
      await connection.close();
      await model.close();
    },
  };
}
