import { ENVELOPE_TYPE, splitEnvelope, processClock } from '@spillway/contracts/server';
import type { Delivery } from './batch.js';
import { PublishError } from './publish-error.js';
import type { Publisher } from './publisher.js';
import { EXCHANGE } from './topology.js';

/**
 * Sends the commands of a message again, each in a message of its own. Resolves when the broker has them safe.
 * @throws PublishError when it has not; some of them may then have been sent.
 */
export type SplitUp = (queue: string, delivery: Delivery) => Promise<void>;

/** A message that came back this often did so twice at least while it was alone in hand. */
const PROVEN_DELIVERIES = 4;

/**
 * Publishes each command of a suspected message to `queue` by itself, so that only the one that kills its
 * writer goes on to the dead letters. What a full queue refuses goes by the retry queue, but only when the
 * message was alone and killed its writer all the same: the retry queue belongs to all shards, and is slow
 * to deliver to a full queue. The caller acks the message afterwards: a crash in between sends its
 * commands twice, which changes nothing.
 */
export const splitUp =
  (publisher: Publisher): SplitUp =>
  async (queue, { message, deliveryCount }) => {
    const timestamp = processClock.now();
    const send = (exchange: string, body: Buffer): Promise<void> =>
      publisher.publish({
        messageId: crypto.randomUUID(),
        type: ENVELOPE_TYPE,
        exchange,
        routingKey: queue,
        body,
        posts: 0,
        timestamp,
      });
    for (const single of splitEnvelope(message.content)) {
      await send(EXCHANGE.posts, single).catch((error: unknown) => {
        const full = error instanceof PublishError && error.failure === 'rejected';
        if (!full || deliveryCount < PROVEN_DELIVERIES) throw error;
        return send(EXCHANGE.retry, single);
      });
    }
  };
