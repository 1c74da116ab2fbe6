import { ALARMS } from '../../faults/broker.js';
import type { Drill } from '../drill.js';

/** The broker takes nothing from publishers, and clients are told 503. */
export const brokerAlarm: Drill = {
  name: 'broker-alarm',
  how: 'memory alarm of RabbitMQ',
  expects: [{ alert: 'PublisherBlocked' }, { alert: 'WriteAvailabilityBurnFast' }],
  async provoke({ broker }) {
    await broker.control(...ALARMS.memory.raise);
  },
  async undo({ broker }) {
    await broker.control(...ALARMS.memory.clear);
    await broker.up();
  },
};
