import type { Probe } from '@spillway/health';
import type { BatchServer } from './batch-server.js';
import type { Publisher } from './publisher.js';

/** Up while posts can be published. Overload is not an outage: a full gate counts as up. */
export const publisherProbe = (publisher: Publisher): Probe => ({
  name: 'rabbitmq',
  required: true,
  check: () => {
    const closed = publisher.closedBecause;
    return closed === null || closed.failure === 'full'
      ? { up: true }
      : { up: false, detail: closed.message };
  },
});

/** Up while every queue is consumed and what was taken can be committed. */
export const consumerProbe = (server: BatchServer): Probe => ({
  name: 'rabbitmq',
  required: true,
  check: () => {
    if (!server.consuming) return { up: false, detail: 'not every queue is consumed' };
    return server.held === undefined
      ? { up: true }
      : { up: false, detail: `a batch is held: ${server.held}` };
  },
});
