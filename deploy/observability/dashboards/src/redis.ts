import { line, perSecond, type Row } from './panels.js';

export const redisRow: Row = {
  title: 'Redis',
  charts: [
    {
      title: 'Nodes',
      about: '1: answers. Everything goes on without it: pages and results come from the database then.',
      unit: 'short',
      lines: [line('min by (instance) (redis_up)', '{{instance}}')],
    },
    {
      title: 'Memory',
      about: 'At the limit, entries that expire anyway go first.',
      unit: 'bytes',
      lines: [
        line('sum by (instance) (redis_memory_used_bytes)', '{{instance}}'),
        line('max(redis_memory_max_bytes)', 'limit'),
      ],
    },
    {
      title: 'Commands and evictions a second',
      about: 'Evictions mean that the memory is too small for what is asked of it.',
      unit: 'ops',
      lines: [
        line(perSecond('redis_commands_processed_total'), 'commands'),
        line(perSecond('redis_evicted_keys_total'), 'evicted'),
      ],
    },
  ],
};
