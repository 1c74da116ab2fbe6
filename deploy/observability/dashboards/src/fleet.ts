import { line, perSecond, type Row } from './panels.js';

const OURS = '{job="spillway"}';

export const processesRow: Row = {
  title: 'Processes',
  charts: [
    {
      title: 'Scraped',
      about: '0: Prometheus does not reach it.',
      unit: 'short',
      lines: [line('min by (job, instance) (up)', '{{job}} {{instance}}')],
    },
    {
      title: 'CPU',
      about: 'Cores of each process. One that stays at 1 is at its end: Node.js has one thread for our code.',
      unit: 'short',
      lines: [line(perSecond(`process_cpu_seconds_total${OURS}`, 'instance'), '{{instance}}')],
    },
    {
      title: 'Memory',
      about: 'Resident. A line that only climbs is a leak.',
      unit: 'bytes',
      lines: [line(`max by (instance) (process_resident_memory_bytes${OURS})`, '{{instance}}')],
    },
    {
      title: 'Restarts in an hour',
      about: 'How often a process began anew. After a rollout 1, else 0.',
      unit: 'short',
      lines: [line(`max by (instance) (changes(process_start_time_seconds${OURS}[1h]))`, '{{instance}}')],
    },
    {
      title: 'Heap in use',
      about: 'Of V8, after and between collections.',
      unit: 'bytes',
      lines: [line('sum by (instance) (v8js_memory_heap_used)', '{{instance}}')],
    },
    {
      title: 'Garbage collection',
      about: 'Part of the time spent in it.',
      unit: 'percentunit',
      lines: [line(perSecond('v8js_gc_duration_sum', 'instance'), '{{instance}}')],
    },
  ],
};

export const eventLoopRow: Row = {
  title: 'Event loop',
  charts: [
    {
      title: 'Delay, p99',
      about: 'About 20 ms is idle. Beyond 100 ms every answer of the process is late.',
      unit: 's',
      lines: [line('max by (instance) (nodejs_eventloop_delay_p99)', '{{instance}}')],
    },
    {
      title: 'Utilization',
      about: 'Above 0.7 another process is needed.',
      unit: 'percentunit',
      lines: [line('max by (instance) (nodejs_eventloop_utilization)', '{{instance}}')],
    },
    {
      title: 'Clock ahead of Redis',
      about: 'Beyond 5 s in either direction a gateway takes itself out: ids carry the time.',
      unit: 's',
      lines: [line('max(abs(clock_offset_seconds))', 'furthest')],
    },
  ],
};

export const machineRow: Row = {
  title: 'Machine',
  charts: [
    {
      title: 'CPU in use',
      about: 'Of all cores. Above 70 % on a database machine reads begin to wait.',
      unit: 'percentunit',
      lines: [
        line(
          '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[$__rate_interval]))',
          '{{instance}}',
        ),
      ],
    },
    {
      title: 'Memory',
      about: 'Available: free, or given back at once when asked for.',
      unit: 'bytes',
      lines: [
        line('max by (instance) (node_memory_MemAvailable_bytes)', 'available'),
        line('max by (instance) (node_memory_MemTotal_bytes)', 'total'),
      ],
    },
    {
      title: 'Time spent waiting',
      about: 'Part of the time in which some work waited for processor, memory or disk.',
      unit: 'percentunit',
      lines: ['cpu', 'memory', 'io'].map((what) =>
        line(`max(rate(node_pressure_${what}_waiting_seconds_total[$__rate_interval])) or vector(0)`, what),
      ),
    },
    {
      title: 'Free part of the fullest file system',
      about: 'Below 0.1 the broker’s disk alarm and Postgres’ end are near.',
      unit: 'percentunit',
      lines: [line('min(node_filesystem_avail_bytes / (node_filesystem_size_bytes > 0))', 'free')],
    },
    {
      title: 'Network',
      about: 'Between machines: the loopback is not counted.',
      unit: 'Bps',
      lines: [
        line(perSecond('node_network_receive_bytes_total{device!="lo"}') + ' or vector(0)', 'received'),
        line(perSecond('node_network_transmit_bytes_total{device!="lo"}') + ' or vector(0)', 'sent'),
      ],
    },
  ],
};
