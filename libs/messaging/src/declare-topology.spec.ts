import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect, type Channel, type ChannelModel } from 'amqplib';
import { createVirtualHost, type LeakCheck, type VirtualHost, watchLeaks } from '@spillway/testing';
import { declareTopology } from './declare-topology.js';
import { bulkQueue, DEAD_QUEUE, RETRY_QUEUE, shardOfQueue, topology, writeQueue } from './topology.js';

describe('topology', () => {
  it('is, argument for argument, what a live broker has: a change needs a new name and a drain', () => {
    const work = {
      'x-queue-type': 'quorum',
      'x-overflow': 'reject-publish',
      'x-dead-letter-exchange': 'posts.dead',
      'x-dead-letter-strategy': 'at-least-once',
    };
    expect(topology(['s0'])).toEqual({
      exchanges: [
        { name: 'posts', type: 'direct' },
        { name: 'posts.retry', type: 'fanout' },
        { name: 'posts.dead', type: 'fanout' },
      ],
      queues: [
        {
          name: 'posts.write.s0',
          arguments: work,
          bindings: [{ exchange: 'posts', routingKey: 'posts.write.s0' }],
        },
        {
          name: 'posts.bulk.s0',
          arguments: work,
          bindings: [{ exchange: 'posts', routingKey: 'posts.bulk.s0' }],
        },
        {
          name: 'posts.retry',
          arguments: { ...work, 'x-dead-letter-exchange': 'posts', 'x-message-ttl': 1000 },
          bindings: [{ exchange: 'posts.retry', routingKey: '' }],
        },
        {
          name: 'posts.dead',
          arguments: { 'x-queue-type': 'quorum', 'x-overflow': 'reject-publish' },
          bindings: [{ exchange: 'posts.dead', routingKey: '' }],
        },
      ],
    });
  });

  it('has two lanes a shard, whose names say the shard', () => {
    const names = topology(['s0', 'eu-1']).queues.map(({ name }) => name);
    expect(names).toEqual([
      ...['s0', 'eu-1'].flatMap((shard) => [writeQueue(shard), bulkQueue(shard)]),
      RETRY_QUEUE,
      DEAD_QUEUE,
    ]);
    expect([writeQueue('eu-1'), bulkQueue('eu-1')].map(shardOfQueue)).toEqual(['eu-1', 'eu-1']);
  });
});

describe('declareTopology', () => {
  const vhost = `spec-topology-${randomBytes(4).toString('hex')}`;
  let host: VirtualHost;
  let leaks: LeakCheck;
  let url: string;
  let connection: ChannelModel;
  let channel: Channel;

  beforeAll(async () => {
    leaks = watchLeaks();
    host = await createVirtualHost(vhost);
    url = host.url;
    connection = await connect(url);
    connection.on('error', () => undefined);
  });
  afterAll(async () => {
    await connection.close();
    await host.remove();
    await leaks.expectNoLeaks();
  });

  it('makes everything there is to make, and changes nothing when repeated', async () => {
    await declareTopology(url, topology(['s0', 's1']));
    channel = await connection.createChannel();
    const tag = 'a post';
    channel.publish('posts', writeQueue('s1'), Buffer.from(tag));
    await declareTopology(url, topology(['s0', 's1']));
    const message = await channel.get(writeQueue('s1'), { noAck: true });
    expect(message === false ? null : message.content.toString()).toBe(tag);
    await channel.close();
  });

  it('lets a message of the retry queue come back to the queue it was published for', async () => {
    channel = await connection.createChannel();
    const returned = new Promise<string>((resolve) => {
      void channel.consume(
        writeQueue('s0'),
        (message) => {
          if (message) resolve(message.content.toString());
        },
        { noAck: true },
      );
    });
    channel.publish('posts.retry', writeQueue('s0'), Buffer.from('an early edit'));
    expect(await returned).toBe('an early edit');
    await channel.close();
  });

  it('refuses to go on when a queue is there with another argument', async () => {
    const other = topology(['s2']);
    const [write] = other.queues;
    if (!write) throw new Error('the topology has no queue');
    const differing = { ...write, arguments: { ...write.arguments, 'x-max-length': 5 } };
    await declareTopology(url, { ...other, queues: [differing] });
    await expect(declareTopology(url, other)).rejects.toThrow(/406.*PRECONDITION/);
  });
});
