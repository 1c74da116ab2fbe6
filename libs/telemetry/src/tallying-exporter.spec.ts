import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { metrics } from '@opentelemetry/api';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { TalliedCounter, TalliedHistogram } from './tally.js';
import { TallyingExporter } from './tallying-exporter.js';

describe('a scrape of what is tallied', () => {
  let provider: MeterProvider;
  let server: Server;
  const histogram = (name: string) =>
    new TalliedHistogram<{ route: string }>({
      name,
      description: 'Seconds',
      boundaries: [0.1, 1],
      keyOf: ({ route }) => route,
    });
  const [used, unused] = [histogram('used_seconds'), histogram('unused_seconds')];

  beforeAll(async () => {
    const exporter = new TallyingExporter(
      { preventServerStart: true, withoutScopeInfo: true, withoutTargetInfo: true },
      () => [used, unused],
    );
    provider = new MeterProvider({ readers: [exporter] });
    metrics.setGlobalMeterProvider(provider);
    server = createServer((request, response) => exporter.getMetricsRequestHandler(request, response));
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await provider.shutdown();
    metrics.disable();
  });

  const scrape = async (): Promise<string> => {
    const { port } = server.address() as AddressInfo;
    return (await fetch(`http://127.0.0.1:${port}`)).text();
  };
  /** The series of one metric. */
  const scraped = async (name: string): Promise<string[]> =>
    (await scrape()).split('\n').filter((line) => line.startsWith(name));

  it('has the buckets of a histogram, each with what is in those before it, and goes on from there', async () => {
    for (const value of [0.05, 0.5, 0.5, 7]) used.record(value, { route: '/a' });
    expect(await scraped('used_seconds')).toEqual([
      'used_seconds_count{route="/a"} 4',
      'used_seconds_sum{route="/a"} 8.05',
      'used_seconds_bucket{route="/a",le="0.1"} 1',
      'used_seconds_bucket{route="/a",le="1"} 3',
      'used_seconds_bucket{route="/a",le="+Inf"} 4',
    ]);
    used.record(0.5, { route: '/a' });
    used.record(0.5, { route: '/b' });
    expect((await scraped('used_seconds')).filter((line) => /_count|le="1"/.test(line))).toEqual([
      'used_seconds_count{route="/a"} 5',
      'used_seconds_bucket{route="/a",le="1"} 4',
      'used_seconds_count{route="/b"} 1',
      'used_seconds_bucket{route="/b",le="1"} 1',
    ]);
  });

  it('has no histogram that has seen nothing', async () => {
    expect(await scrape()).not.toContain('unused_seconds');
  });

  it('has a line for each set of labels of a counter, added to or not', async () => {
    const lookups = new TalliedCounter<{ cache: string; outcome: string }>(
      'lookups_total',
      'Lookups',
      ({ cache, outcome }) => `${cache} ${outcome}`,
    );
    lookups.add(0, { cache: 'pages', outcome: 'miss' });
    lookups.add(2, { cache: 'pages', outcome: 'hit' });
    lookups.add(3, { cache: 'pages', outcome: 'hit' });
    expect(await scraped('lookups_total')).toEqual([
      'lookups_total{cache="pages",outcome="miss"} 0',
      'lookups_total{cache="pages",outcome="hit"} 5',
    ]);
  });
});
