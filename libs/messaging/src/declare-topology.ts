import { connect } from 'amqplib';
import type { Topology } from './topology.js';

/**
 * Declares everything, once, with a user that may configure. Safe to repeat.
 * @throws when a queue exists with other arguments (406): it needs a new name and a drain.
 */
export async function declareTopology(url: string, topology: Topology): Promise<void> {
  const connection = await connect(url, { noDelay: true, timeout: 5_000 });
  connection.on('error', () => undefined);
  try {
    const channel = await connection.createChannel();
    channel.on('error', () => undefined);
    for (const { name, type } of topology.exchanges)
      await channel.assertExchange(name, type, { durable: true });
    for (const queue of topology.queues) {
      await channel.assertQueue(queue.name, { durable: true, arguments: { ...queue.arguments } });
      for (const { exchange, routingKey } of queue.bindings)
        await channel.bindQueue(queue.name, exchange, routingKey);
    }
    await channel.close();
  } finally {
    await connection.close();
  }
}
