import { line, perSecond, type Row } from './panels.js';

const dead = (reason: string) =>
  line(perSecond(`rabbitmq_global_messages_dead_lettered_${reason}_total`), reason);
const alarm = (name: string, title: string) => line(`max(rabbitmq_alarms_${name})`, title);

export const rabbitmqRow: Row = {
  title: 'RabbitMQ',
  charts: [
    {
      title: 'Messages a second',
      about: 'One message may carry many posts. Redelivered: a writer gave up or died.',
      unit: 'ops',
      lines: [
        line(perSecond('rabbitmq_global_messages_received_total'), 'received'),
        line(perSecond('rabbitmq_global_messages_acknowledged_total'), 'acknowledged'),
        line(perSecond('rabbitmq_global_messages_redelivered_total'), 'redelivered'),
      ],
    },
    {
      title: 'Nowhere to go',
      about: 'Returned as unroutable (a queue is missing) or dead-lettered, by reason. All should be 0.',
      unit: 'ops',
      lines: [
        line(perSecond('rabbitmq_global_messages_unroutable_returned_total'), 'unroutable'),
        ...['delivery_limit', 'rejected', 'expired', 'maxlen'].map(dead),
      ],
    },
    {
      title: 'Alarms',
      about: '1: publishers are blocked, and writes are answered 503 until it ends.',
      unit: 'bool_on_off',
      lines: [
        alarm('memory_used_watermark', 'memory'),
        alarm('free_disk_space_watermark', 'disk'),
        alarm('file_descriptor_limit', 'file descriptors'),
      ],
    },
    {
      title: 'Memory',
      about: 'At the limit the memory alarm begins.',
      unit: 'bytes',
      lines: [
        line('sum(rabbitmq_process_resident_memory_bytes)', 'used'),
        line('sum(rabbitmq_resident_memory_limit_bytes)', 'limit'),
      ],
    },
    {
      title: 'Disk',
      about: 'Below the limit the disk alarm begins.',
      unit: 'bytes',
      lines: [
        line('min(rabbitmq_disk_space_available_bytes)', 'free'),
        line('max(rabbitmq_disk_space_available_limit_bytes)', 'limit'),
      ],
    },
    {
      title: 'Connections',
      about:
        'One or two of each gateway and writer, with few channels. Many that open and close: a client loops.',
      unit: 'short',
      lines: [
        line('sum(rabbitmq_connections)', 'connections'),
        line('sum(rabbitmq_channels)', 'channels'),
        line(perSecond('rabbitmq_connections_opened_total'), 'opened a second'),
      ],
    },
  ],
};
