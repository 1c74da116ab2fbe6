import type { Command } from '@spillway/contracts';
import { encodeEnvelope, ENVELOPE_MAX_COMMANDS, ENVELOPE_TYPE } from '@spillway/contracts/server';
import type { Publisher } from './publisher.js';
import { EXCHANGE } from './topology.js';

/** Sends commands round once more. Resolves when the broker has them safe. */
export type RetryLater = (queue: string, commands: readonly Command[]) => Promise<void>;

/**
 * Publishes commands to the retry queue, which gives them back to `queue` after its delay. The caller
 * acks the originals afterwards: a crash in between sends a command round twice, which changes nothing.
 */
export const retryLater =
  (publisher: Publisher): RetryLater =>
  async (queue, commands) => {
    const now = Date.now();
    for (let at = 0; at < commands.length; at += ENVELOPE_MAX_COMMANDS) {
      const again = commands
        .slice(at, at + ENVELOPE_MAX_COMMANDS)
        .map((command) => ({ ...command, attempt: (command.attempt ?? 0) + 1 }));
      await publisher.publish({
        messageId: crypto.randomUUID(),
        type: ENVELOPE_TYPE,
        exchange: EXCHANGE.retry,
        routingKey: queue,
        body: encodeEnvelope(again),
        posts: 0,
        timestamp: now,
      });
    }
  };
