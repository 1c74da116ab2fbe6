/**
 * The broker alone: publishes messages as ours (persistent, mandatory, of the same size) to a quorum queue of its
 * own, on one confirm channel, on schedule, and tells how long the confirms took.
 */
import { connect } from 'amqplib';
import { onSchedule } from '../client/schedule.js';
import { Tally } from '../client/tally.js';
import type { ProbeOrder } from './probe-order.js';

const QUEUE = 'bench.confirms';

async function probe({ url, bytes, rate, durationMs }: ProbeOrder) {
  const model = await connect(url);
  try {
    const channel = await model.createConfirmChannel();
    await channel.assertQueue(QUEUE, {
      durable: true,
      arguments: { 'x-queue-type': 'quorum', 'x-overflow': 'reject-publish' },
    });
    const body = Buffer.alloc(bytes, 'x');
    const options = { persistent: true, mandatory: true, contentType: 'application/json' };
    const tally = new Tally();
    const startedAt = performance.now();
    const endsAt = startedAt + durationMs;
    let due = 0;
    await onSchedule({ startedAt, endsAt, rate }, (dueAt) => {
      due++;
      const sentAt = performance.now();
      channel.publish('', QUEUE, body, options, (error: unknown) => {
        const now = performance.now();
        tally.add(error ? 500 : 202, dueAt, sentAt, now, now <= endsAt);
      });
    });
    const elapsedMs = performance.now() - startedAt;
    await channel.waitForConfirms();
    await channel.deleteQueue(QUEUE);
    return tally.result({ elapsedMs, due, unsent: 0 }, 0);
  } finally {
    await model.close();
  }
}

process.on('message', (order: ProbeOrder) => {
  void probe(order).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit());
