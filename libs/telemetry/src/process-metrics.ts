import { metrics } from '@opentelemetry/api';

/** What every Prometheus client tells of its process, under the names that all of them use. */
export function observeProcess(): void {
  const meter = metrics.getMeter('spillway');
  meter
    .createObservableCounter('process_cpu_seconds_total', { description: 'Seconds of user and system time' })
    .addCallback((result) => {
      const { user, system } = process.cpuUsage();
      result.observe((user + system) / 1e6);
    });
  meter
    .createObservableGauge('process_resident_memory_bytes', { description: 'Bytes of resident memory' })
    .addCallback((result) => result.observe(process.memoryUsage.rss()));
  const startedAt = Date.now() / 1000 - process.uptime();
  meter
    .createObservableGauge('process_start_time_seconds', {
      description: 'When this process began, in seconds since 1970',
    })
    .addCallback((result) => result.observe(startedAt));
}
