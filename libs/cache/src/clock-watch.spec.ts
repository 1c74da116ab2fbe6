import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SteadyClock } from '@spillway/contracts/server';
import type { Logger } from '@spillway/telemetry';
import { eventually, readStack, startTcpProxy, watchLeaks } from '@spillway/testing';
import type { LeakCheck, TcpProxy } from '@spillway/testing';
import { CacheConnection } from './cache-connection.js';
import { ClockWatch } from './clock-watch.js';

const TEN_MINUTES_MS = 600_000;

describe('the watch of a clock, against Redis', () => {
  let leaks: LeakCheck;
  let proxy: TcpProxy;
  let cache: CacheConnection;
  let lines: string[];
  let wallStepMs: number;
  let watches: ClockWatch[];
  const logger: Logger = {
    debug: () => undefined,
    info: (_, message) => void lines.push(`info ${message}`),
    warn: () => undefined,
    error: (_, message) => void lines.push(`error ${message}`),
    child: () => logger,
  };

  beforeAll(async () => {
    leaks = watchLeaks();
    const { hostname, port } = new URL(readStack().urlOf('redis'));
    proxy = await startTcpProxy({ target: { host: hostname, port: Number(port) } });
    const url = new URL(readStack().urlOf('redis'));
    url.hostname = '127.0.0.1';
    url.port = String(proxy.port);
    cache = CacheConnection.open({ url: url.href, name: 'a spec', logger });
    await redisAnswers();
  });
  afterAll(async () => {
    await cache.close();
    await proxy.stop();
    await leaks.expectNoLeaks();
  });
  beforeEach(() => {
    lines = [];
    wallStepMs = 0;
    watches = [];
  });
  afterEach(async () => {
    await Promise.all(watches.map((watch) => watch.stop()));
  });

  const redisAnswers = () => eventually('redis answers', async () => (await cache.call((r) => r.ping())).ok);
  const opened = (): { clock: SteadyClock; watch: ClockWatch } => {
    const clock = new SteadyClock({
      wall: () => Date.now() + wallStepMs,
      monotonic: () => performance.now(),
    });
    const watch = new ClockWatch({ cache, logger, required: true, clock });
    watches.push(watch);
    return { clock, watch };
  };
  const offMs = (clock: SteadyClock): number => Math.abs(clock.now() - Date.now());

  it('knows before a start is over that the clock is right', async () => {
    const { watch } = opened();
    await watch.start();
    expect(watch.wrong).toBe(false);
    expect(watch.probe.check()).toEqual({ up: true });
  });

  it.each([TEN_MINUTES_MS, -TEN_MINUTES_MS])(
    'knows that it started with a clock %i ms off, and when that was mended',
    async (step) => {
      wallStepMs = step;
      const { clock, watch } = opened();
      await watch.start();
      expect(watch.wrong).toBe(true);
      expect(watch.probe.check()).toEqual({ up: false, detail: 'the clock is more than 5 s off' });
      expect(lines.join()).toContain('error the clock is off: nothing is accepted');
      wallStepMs = 0;
      await eventually('it is right again', async () => {
        await watch.look();
        return !watch.wrong;
      });
      expect(offMs(clock)).toBeLessThan(1_000);
      expect(lines.join()).toContain('info the clock is right again');
    },
  );

  it.each([TEN_MINUTES_MS, -TEN_MINUTES_MS])(
    'lets a process go on by its own time when the clock is set %i ms off meanwhile, and says so',
    async (step) => {
      const { clock, watch } = opened();
      await watch.start();
      wallStepMs = step;
      await eventually('it is told', async () => {
        await watch.look();
        return lines.some((line) => line.startsWith("error this machine's clock differs"));
      });
      expect(watch.wrong).toBe(false);
      expect(offMs(clock)).toBeLessThan(1_000);
    },
  );

  it('trusts a clock that it cannot compare, without Redis', async () => {
    await proxy.refuse();
    proxy.reset();
    await eventually('redis is away', async () => !(await cache.call((redis) => redis.ping())).ok);
    wallStepMs = TEN_MINUTES_MS;
    const { watch } = opened();
    await watch.start();
    expect(watch.wrong).toBe(false);
    await proxy.pass();
    await redisAnswers();
    await eventually('it is known', async () => {
      await watch.look();
      return watch.wrong;
    });
  });
});
