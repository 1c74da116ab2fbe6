import { eventually, notYet } from '@spillway/testing';
import { WRITE_QUEUE } from '../../faults/craft.js';
import type { FaultContext } from '../../faults/fault.js';
import { cli } from '../cli.js';
import type { Drill } from '../drill.js';
import { bringBack, writerNames } from '../running.js';

const LETTERS = 5;

/** Accepted commands are given up before a writer sees them, and put on their queue again by an operator. */
export const deadLetters: Drill = {
  name: 'dead-letters',
  how: `${LETTERS} messages are rejected`,
  expects: [{ alert: 'DeadLetters', labels: { shard: 's0' } }],
  async provoke(context) {
    for (const name of writerNames(context)) await context.components.supervisor('stop', name);
    await reject(context.broker, LETTERS);
    await bringBack(context, writerNames(context));
  },
  async undo(context) {
    await bringBack(context, writerNames(context));
    await cli(context.stack, ['dead-letters', 'replay', '--all', '--why', 'drill']);
  },
};

/** Takes so many messages of the write queue, as they come, and rejects them for good. */
async function reject(broker: FaultContext['broker'], count: number): Promise<void> {
  let rejected = 0;
  await broker.with((channel) =>
    eventually(
      `${count} messages were rejected`,
      async () => {
        const message = await channel.get(WRITE_QUEUE, { noAck: false });
        if (message === false) return notYet({ rejected });
        channel.nack(message, false, false);
        rejected++;
        if (rejected < count) return notYet({ rejected });
        // Answered only after the broker has seen to all of them; closing at once could overtake the last.
        return channel.checkQueue(WRITE_QUEUE);
      },
      { deadlineMs: 30_000 },
    ),
  );
}
