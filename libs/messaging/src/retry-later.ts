import type { Command } from '@spillway/contracts';
import { encodeEnvelopes, ENVELOPE_TYPE, processClock } from '@spillway/contracts/server';
import type { Publisher } from './publisher.js';
import { EXCHANGE } from './topology.js';

/**
 * Sends commands round once more. Resolves when the broker has them safe.
 * @param safe told of those it has, also when others are refused: they are not to be sent again.
 * @throws PublishError when it has not all of them.
 */
export type RetryLater = (
  queue: string,
  commands: readonly Command[],
  safe?: (commands: readonly Command[]) => void,
) => Promise<void>;

/**
 * Publishes commands to the retry queue, which gives them back to `queue` after its delay. The caller
 * acks the originals afterwards: a crash in between sends a command round twice, which changes nothing.
 */
export const retryLater =
  (publisher: Publisher): RetryLater =>
  async (queue, commands, safe) => {
    const now = processClock.now();
    const again = commands.map((command) => ({ ...command, attempt: (command.attempt ?? 0) + 1 }));
    let sent = 0;
    for (const { body, commands: together } of encodeEnvelopes(again)) {
      await publisher.publish({
        messageId: crypto.randomUUID(),
        type: ENVELOPE_TYPE,
        exchange: EXCHANGE.retry,
        routingKey: queue,
        body,
        posts: 0,
        timestamp: now,
      });
      safe?.(commands.slice(sent, (sent += together.length)));
    }
  };
