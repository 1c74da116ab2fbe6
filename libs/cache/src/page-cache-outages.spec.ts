import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@spillway/testing';
import { generationKey } from './keys.js';
import { keyOf } from './page-store.js';
import { at, Away, openPages, RECHECKED_MS, type PageFixture } from './spec/page-fixture.js';

describe('PageCache, when things are away', () => {
  let the: PageFixture;

  beforeEach(async () => {
    the = await openPages();
  });
  afterEach(() => the.close());

  describe('without any database', () => {
    const old = async (ageMs: number): Promise<void> => {
      await the.get();
      await the.stored();
      const bytes = await the.control.getBuffer(keyOf(the.ref));
      const text = bytes
        ?.toString('latin1')
        .replace(/\|(\d{13})\|/, (_, time) => `|${Number(time) - ageMs}|`);
      await the.control.set(keyOf(the.ref), Buffer.from(text ?? '', 'latin1'), 'EX', 60);
      the.databases.node = undefined;
      the.databases.primary = undefined;
    };

    it('answers with what it has, up to five minutes old, and says how old', async () => {
      await old(240_000);
      expect(await the.get(undefined, the.another())).toMatchObject({
        servedBy: 'cache',
        position: at(100),
        ageSeconds: 240,
      });
      expect(await the.get(at(100), the.another())).toMatchObject({ servedBy: 'cache' });
      await expect(the.get(at(101), the.another())).rejects.toThrow(Away);
    });

    it('and with nothing older', async () => {
      await old(301_000);
      await expect(the.get(undefined, the.another())).rejects.toThrow(Away);
    });

    it('nor anything when there is nothing', async () => {
      the.databases.node = undefined;
      await expect(the.get()).rejects.toThrow(Away);
    });

    it('not even Redis: with what this process has', async () => {
      await the.get();
      the.databases.node = undefined;
      await the.proxy.refuse();
      the.proxy.reset();
      await delay(RECHECKED_MS);
      expect(await the.get()).toMatchObject({ servedBy: 'cache', position: at(100) });
      await the.proxy.pass();
    });
  });

  describe('when Redis', () => {
    const timed = async (): Promise<number> => {
      const startedAt = performance.now();
      await the.get();
      return performance.now() - startedAt;
    };

    it('hangs: reads cost at most 150 ms more, soon nothing, and it is used again when it answers', async () => {
      await the.get();
      the.proxy.silence();
      const took: number[] = [];
      for (let n = 0; n < 60; n++) {
        took.push(await timed());
        await delay(10);
      }
      expect(Math.max(...took)).toBeLessThan(150);
      expect(took.filter((ms) => ms > 20).length).toBeLessThanOrEqual(10);
      await the.proxy.pass();
      await eventually(
        'it is answered from the cache again',
        async () => (await the.get()).servedBy === 'cache',
      );
    });

    it('is cut off or flushed under load: every read is answered', async () => {
      let over = false;
      const took: number[] = [];
      const readers = Array.from({ length: 20 }, async () => {
        while (!over) {
          took.push(await timed());
          await delay(2);
        }
      });
      for (const breakIt of [
        () => Promise.resolve(the.proxy.reset()),
        () => the.control.unlink(keyOf(the.ref), generationKey(the.ref.tenantId)),
      ]) {
        await delay(150);
        await breakIt();
      }
      await delay(300);
      over = true;
      await Promise.all(readers);
      expect(took.length).toBeGreaterThan(200);
      expect(Math.max(...took)).toBeLessThan(250);
    });
  });
});
