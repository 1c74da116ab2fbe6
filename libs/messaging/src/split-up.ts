import { ENVELOPE_TYPE, splitEnvelope, processClock } from '@spillway/contracts/server';
import type { Publisher } from './publisher.js';

/** Sends the commands of a message again, each in a message of its own. Resolves when the broker has them safe. */
export type SplitUp = (queue: string, body: Uint8Array) => Promise<void>;

/**
 * Publishes each command of a suspected message to `queue` by itself, so that only the one that kills its
 * writer goes on to the dead letters. The caller acks the message afterwards: a crash in between sends its
 * commands twice, which changes nothing.
 */
export const splitUp =
  (publisher: Publisher): SplitUp =>
  async (queue, body) => {
    const now = processClock.now();
    for (const single of splitEnvelope(body)) {
      await publisher.publish({
        messageId: crypto.randomUUID(),
        type: ENVELOPE_TYPE,
        routingKey: queue,
        body: single,
        posts: 0,
        timestamp: now,
      });
    }
  };
