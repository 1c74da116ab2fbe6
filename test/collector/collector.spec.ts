import { describe, expect, it } from '@jest/globals';
import { at, CONFIGS, readConfig, sources, valuesOf, type CollectorConfig } from './collector-files.js';

const KINDS = ['receivers', 'processors', 'exporters'] as const;
const portOf = (address: unknown): number => Number(/:(\d+)(?:\/|$)/.exec(String(address))?.[1]);

describe.each(CONFIGS)('%s', (file) => {
  const config = readConfig(file);
  const pipelines = Object.values(config.service.pipelines);
  const connectors = Object.keys(config.connectors ?? {});

  it.each(KINDS)('declares all %s of its pipelines, and no others', (kind) => {
    const used = new Set(pipelines.flatMap((pipeline) => pipeline[kind]));
    expect([...used].filter((name) => !connectors.includes(name)).sort()).toEqual(
      Object.keys(config[kind]).sort(),
    );
  });

  it('declares the extensions it starts, and no others', () =>
    expect([...config.service.extensions].sort()).toEqual(Object.keys(config.extensions).sort()));

  it('joins pipelines by connectors that one ends in and another begins with', () => {
    const ends = new Set(pipelines.flatMap(({ exporters }) => exporters));
    const begins = new Set(pipelines.flatMap(({ receivers }) => receivers));
    expect(connectors.filter((name) => !ends.has(name) || !begins.has(name))).toEqual([]);
  });

  it('takes connections on ports of its own', () => {
    const listening = [config.receivers, config.extensions]
      .flatMap((part) => valuesOf(part, 'endpoint'))
      .filter((address) => String(address).startsWith('0.0.0.0'))
      .map(portOf);
    const own = [...listening, ...valuesOf(config.service, 'port').map(Number)];
    expect(own.every((port) => port > 0)).toBe(true);
    expect(new Set(own).size).toBe(own.length);
  });
});

describe('the collector', () => {
  const config = readConfig('collector.yaml');
  const jaeger = readConfig('jaeger.yaml');
  const code = sources();
  const emitted = (attribute: unknown): boolean => code.includes(`'${String(attribute)}'`);

  it('samples and measures by attributes that our code emits, and by none that tells who', () => {
    const dimensions = at(config, ['connectors', 'span_metrics', 'dimensions']) as { name: string }[];
    const named = [...valuesOf(config.processors, 'key'), ...dimensions.map(({ name }) => name)];
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((attribute) => !emitted(attribute))).toEqual([]);
    expect(named.filter((attribute) => /tenant|user|author|_id$|\.id$/.test(String(attribute)))).toEqual([]);
    expect(emitted('app.nobody_emits_this')).toBe(false);
  });

  it('reads fields of our log lines', () => {
    const read = valuesOf(config.receivers, 'parse_from').map((field) => String(field).split('.')[1]);
    // `time` and `level` are what pino calls them.
    expect(read.sort()).toEqual(['level', 'spanId', 'time', 'traceId']);
    for (const field of ['traceId', 'spanId']) expect(code).toContain(`${field}: '${field}'`);
    for (const field of ['service', 'instance']) expect(code).toContain(`${field}: options.${field}`);
  });

  it('waits longer for a trace than commits may take, and keeps late ends', () => {
    const tail = at(config, ['processors', 'tail_sampling']) as Record<string, unknown>;
    expect(Number.parseInt(String(tail['decision_wait']))).toBeGreaterThan(5);
    const cache = tail['decision_cache'] as Record<string, number>;
    expect(cache['sampled_cache_size']).toBeGreaterThan(Number(tail['num_traces']));
    expect(cache['non_sampled_cache_size']).toBe(0);
    const names = (tail['policies'] as { name: string }[]).map(({ name }) => name);
    expect(names).toEqual(['errors', 'slow', 'late', 'batches', 'rest']);
  });

  it('limits memory first, in every pipeline that takes something from outside', () => {
    for (const { receivers, processors } of Object.values(config.service.pipelines))
      if (!receivers.includes('forward')) expect(processors[0]).toBe('memory_limiter');
    expect(config.service.pipelines['traces/kept']?.processors.at(-1)).toBe('batch');
  });

  it('measures before it samples, and sends to where Jaeger listens', () => {
    const { traces } = config.service.pipelines;
    expect(traces?.exporters).toEqual(['span_metrics', 'forward']);
    expect(traces?.processors).not.toContain('tail_sampling');
    const protocols = (of: CollectorConfig, name: string): unknown =>
      at(of.receivers, ['otlp', 'protocols', name, 'endpoint']);
    expect(portOf(at(config.exporters, ['otlp_grpc/jaeger', 'endpoint']))).toBe(
      portOf(protocols(jaeger, 'grpc')),
    );
    expect([protocols(config, 'grpc'), protocols(config, 'http')].map(portOf)).toEqual([4317, 4318]);
    expect(valuesOf(jaeger.exporters, 'trace_storage')).toEqual(
      Object.keys(at(jaeger.extensions, ['jaeger_storage', 'backends']) as object),
    );
    expect(at(jaeger.extensions, ['jaeger_query', 'storage', 'traces'])).toBe('kept');
  });
});
