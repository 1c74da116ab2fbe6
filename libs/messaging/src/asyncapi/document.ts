import { COMMAND_SCHEMAS, ENVELOPE_SCHEMA, type SchemaData } from '@spillway/contracts/schemas';
import { ENVELOPE_TYPE } from '@spillway/contracts/server';
import { bulkQueue, DEAD_QUEUE, RETRY_QUEUE, topology, writeQueue, type QueueSpec } from '../topology.js';

const SHARD = '{shard}';
const MESSAGE = 'commands';

/** Who sends and receives what; a queue of the topology that is not here does not get into the document. */
const QUEUES: Readonly<Record<string, { readonly id: string; readonly description: string }>> = {
  [writeQueue(SHARD)]: { id: 'write', description: 'Single posts, edits and deletions of a shard.' },
  [bulkQueue(SHARD)]: {
    id: 'bulk',
    description: 'Batches and imports of a shard, which never stand before a single post.',
  },
  [RETRY_QUEUE]: {
    id: 'retry',
    description: 'Commands that came before the post they change; back in their queue after the delay.',
  },
  [DEAD_QUEUE]: {
    id: 'dead',
    description: 'Messages that were delivered too often; the writer moves them into a table for people.',
  },
};
const OPERATIONS = [
  ['acceptSingle', 'send', 'write', 'The gateway, with mandatory and confirm: a 202 follows the confirm.'],
  ['acceptBulk', 'send', 'bulk', 'The gateway, for batches and imports.'],
  ['sendRound', 'send', 'retry', 'The writer, with confirm, and with attempt one higher.'],
  ['writeSingle', 'receive', 'write', 'The writer, in batches; acknowledged after the commit.'],
  ['writeBulk', 'receive', 'bulk', 'The writer, with a small prefetch.'],
  ['bury', 'receive', 'dead', 'The writer.'],
] as const;

/**
 * The AsyncAPI 3.0 document of what goes through the broker, from the topology and the kinds of commands.
 * @throws Error when a queue is not described.
 */
export function asyncApiDocument(): SchemaData {
  const { exchanges, queues } = topology([SHARD]);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Spillway messages',
      version: '1.0.0',
      description:
        'Internal: between gateways and writers of one release. Limits of queues (max-length, max-length-bytes, delivery-limit) are policies.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    'x-exchanges': exchanges.map(({ name, type }) => ({ name, type, durable: true })),
    channels: Object.fromEntries(queues.map((queue) => [infoOf(queue).id, channelOf(queue)])),
    operations: Object.fromEntries(
      OPERATIONS.map(([id, action, channel, summary]) => [
        id,
        {
          action,
          channel: { $ref: `#/channels/${channel}` },
          summary,
          ...(action === 'send' ? SENT : RECEIVED),
        },
      ]),
    ),
    components: {
      messages: {
        [MESSAGE]: {
          name: ENVELOPE_TYPE,
          title: 'Commands',
          contentType: 'application/json',
          payload: { $ref: '#/components/schemas/envelope' },
          bindings: { amqp: { messageType: ENVELOPE_TYPE, bindingVersion: '0.3.0' } },
        },
      },
      schemas: { envelope: ENVELOPE_SCHEMA, ...COMMAND_SCHEMAS },
    },
  };
}

const SENT = {
  bindings: { amqp: { mandatory: true, deliveryMode: 2, timestamp: true, bindingVersion: '0.3.0' } },
};
const RECEIVED = { bindings: { amqp: { ack: true, bindingVersion: '0.3.0' } } };

function infoOf({ name }: QueueSpec): { readonly id: string; readonly description: string } {
  const info = QUEUES[name];
  if (!info) throw new Error(`the queue ${name} is not described for docs/asyncapi.yaml`);
  return info;
}

const channelOf = (queue: QueueSpec): SchemaData => ({
  address: queue.name,
  description: infoOf(queue).description,
  messages: { [MESSAGE]: { $ref: `#/components/messages/${MESSAGE}` } },
  ...(queue.name.includes(SHARD)
    ? { parameters: { shard: { description: 'Name of a shard, such as s0.' } } }
    : {}),
  bindings: {
    amqp: {
      is: 'queue',
      queue: { name: queue.name, durable: true, exclusive: false, autoDelete: false },
      bindingVersion: '0.3.0',
    },
  },
  'x-arguments': queue.arguments,
  'x-bound-to': queue.bindings,
});
