import { line, type Row } from './panels.js';

const byQueue = (metric: string): string => `sum by (queue) (rabbitmq_detailed_queue_${metric})`;

export const backlogRow: Row = {
  title: 'Backlog',
  charts: [
    {
      title: 'Messages that wait',
      about: 'More than 1 000 and growing: the writers do not keep up. posts.dead should be empty.',
      unit: 'short',
      lines: [line(byQueue('messages_ready'), '{{queue}}')],
    },
    {
      title: 'Messages that writers hold',
      about: 'Delivered and not acknowledged: at most three batches of each writer.',
      unit: 'short',
      lines: [line(byQueue('messages_unacked'), '{{queue}}')],
    },
    {
      title: 'Consumers',
      about: 'No consumer of a queue posts.write.* means that nothing is written.',
      unit: 'short',
      lines: [line(byQueue('consumers'), '{{queue}}')],
    },
  ],
};
