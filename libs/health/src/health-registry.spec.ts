import { describe, expect, it } from '@jest/globals';
import { CHECK_TIMEOUT_MS, HealthRegistry } from './health-registry.js';
import type { Probe } from './probe.js';

const probe = (name: string, required: boolean, check: Probe['check']): Probe => ({ name, required, check });

describe('HealthRegistry', () => {
  it('is up and ready with nothing to depend on', async () => {
    const health = new HealthRegistry();
    expect(await health.report()).toEqual({ status: 'up', ready: true, dependencies: {} });
    expect(health.live()).toBe(true);
  });

  it.each([
    ['up', 'up', 'up', true],
    ['down', 'up', 'down', false],
    ['up', 'down', 'up', true],
    ['down', 'down', 'down', false],
  ])('required %s, optional %s: %s', async (required, optional, status, ready) => {
    const health = new HealthRegistry();
    health.add(probe('broker', true, () => ({ up: required === 'up', detail: 'amqp://secret@10.0.0.1' })));
    health.add(probe('redis', false, () => Promise.resolve({ up: optional === 'up' })));
    const report = await health.report();
    expect(report).toEqual({
      status,
      ready,
      dependencies: {
        broker: { status: required, required: true },
        redis: { status: optional, required: false },
      },
    });
    expect(JSON.stringify(report)).not.toContain('secret');
  });

  it('is not ready once it drains, and still up and alive', async () => {
    const health = new HealthRegistry();
    health.startDraining();
    expect(await health.report()).toMatchObject({ status: 'up', ready: false });
    expect(health.live()).toBe(true);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
  ])('takes a probe that %s for down', async (_name, check) => {
    const health = new HealthRegistry();
    health.add(probe('broker', true, check));
    expect((await health.report()).ready).toBe(false);
  });

  it('does not wait longer than a second, for all probes together', async () => {
    const health = new HealthRegistry();
    for (const name of ['a', 'b', 'c']) health.add(probe(name, true, () => new Promise(() => undefined)));
    const startedAt = performance.now();
    expect((await health.report()).status).toBe('down');
    expect(performance.now() - startedAt).toBeLessThan(2 * CHECK_TIMEOUT_MS);
  });

  it('refuses a second probe of the same name', () => {
    const health = new HealthRegistry();
    health.add(probe('broker', true, () => ({ up: true })));
    expect(() => health.add(probe('broker', true, () => ({ up: true })))).toThrow(
      'two probes are named broker',
    );
  });
});
