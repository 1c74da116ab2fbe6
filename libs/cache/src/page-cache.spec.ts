import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Position } from '@spillway/contracts';
import { eventually } from '@spillway/testing';
import { generationKey } from './keys.js';
import type { Page } from './page-cache.js';
import { keyOf, type PageRef } from './page-store.js';
import { at, Behind, openPages, RECHECKED_MS, type PageFixture } from './spec/page-fixture.js';

describe('PageCache', () => {
  let the: PageFixture;

  beforeEach(async () => {
    the = await openPages();
  });
  afterEach(() => the.close());

  const textOf = async (page: Promise<Page>): Promise<string> => (await page).body;

  it('reads a page once, and gives it to this process and to others as it was', async () => {
    expect(await the.get()).toMatchObject({ servedBy: 'replica-1', lagMs: 3, ageSeconds: 0 });
    await the.stored();
    for (const by of [the.pages, the.another()]) {
      const page = await the.get(undefined, by);
      expect(page).toMatchObject({ servedBy: 'cache', etag: `"${at(100).lsn}"`, position: at(100) });
      expect(page.body).toBe(`page 1/${at(100).lsn}`);
    }
    expect(the.databases.loads).toHaveLength(1);
    expect(await the.control.pttl(keyOf(the.ref))).toBeGreaterThan(290_000);
  });

  it('meets a stampede of five hundred with one read a process', async () => {
    the.databases.tookMs = 50;
    const others = [the.pages, the.another()];
    const all = await Promise.all(
      others.flatMap((by) => Array.from({ length: 500 }, () => the.get(undefined, by))),
    );
    expect(the.databases.loads.length).toBeLessThanOrEqual(2);
    expect(new Set(all.map(({ body }) => body)).size).toBe(1);
  });

  it('reads again after a commit, from a node that has it', async () => {
    await the.get();
    await the.stored();
    await the.commit(at(200));
    the.databases.both(at(200));
    await delay(RECHECKED_MS);
    expect(await textOf(the.get())).toBe(`page 1/${at(200).lsn}`);
    expect(the.databases.loads.at(-1)).toEqual(at(200));
    await the.commit(at(200));
    await delay(RECHECKED_MS);
    expect(await the.get()).toMatchObject({ servedBy: 'cache' });
  });

  it('lets nobody wait for what it does while the page in memory still counts', async () => {
    await the.get();
    await the.stored();
    await the.commit(at(200));
    the.databases.both(at(200));
    the.databases.tookMs = 50;
    await delay(120);
    const startedAt = performance.now();
    expect(await the.get()).toMatchObject({ servedBy: 'cache', position: at(100) });
    expect(performance.now() - startedAt).toBeLessThan(40);
    await delay(RECHECKED_MS);
    expect(await the.get()).toMatchObject({ servedBy: 'cache', position: at(200) });
    expect(the.databases.loads).toHaveLength(2);
  });

  it('has a page at hand only while it would answer with it and begin nothing', async () => {
    const other = { ...the.ref, tenantId: 'another' };
    const asked: readonly (readonly [PageRef, Position?])[] = [
      ...([[the.ref], [the.ref, at(100)], [the.ref, at(101)], [other]] as const),
    ];
    const atHand = () => asked.map(([ref, need]) => the.pages.atHand(ref, need)?.body);
    const body = `page 1/${at(100).lsn}`;
    for (let turn = 0; turn < 2; turn++) {
      expect(atHand()).toEqual([undefined, undefined, undefined, undefined]);
      await eventually('it is at hand', async () => {
        await the.get();
        const bodies = atHand();
        if (bodies[0] === undefined) return undefined;
        expect(bodies).toEqual([body, body, undefined, undefined]);
        return true;
      });
      await delay(120);
    }
    expect(the.databases.loads).toHaveLength(1);
  });

  it('never answers behind a commit that was told longer ago than it looks away', async () => {
    const told: { lsn: string; at: number }[] = [];
    const behind: unknown[] = [];
    for (let lsn = 101; lsn < 200; lsn++) {
      the.databases.both(at(lsn));
      await the.commit(at(lsn));
      told.push({ lsn: at(lsn).lsn, at: performance.now() });
      await delay(Math.random() * 30);
      const askedAt = performance.now();
      const must = told.filter((one) => askedAt - one.at > 251).at(-1);
      const page = await the.get();
      if (must && page.position.lsn < must.lsn) behind.push({ page, must });
    }
    expect(behind).toEqual([]);
    expect(the.databases.loads.length).toBeLessThan(60);
  });

  it('is not refilled from behind the generation: what lags is answered, and not stored', async () => {
    await the.commit(at(200));
    for (let n = 0; n < 3; n++)
      expect(await the.get()).toMatchObject({ position: at(100), servedBy: 'replica-1' });
    expect(the.databases.loads).toEqual([at(200), undefined, at(200), undefined, at(200), undefined]);
    expect(await the.isStored()).toBe(false);
    the.databases.node = at(200);
    await the.get();
    await the.stored();
    expect(await the.get()).toMatchObject({ servedBy: 'cache', position: at(200) });
  });

  it('is not refilled by a read that began before a commit and ends after it', async () => {
    await the.get();
    await the.stored();
    the.databases.tookMs = 100;
    await the.control.del(keyOf(the.ref));
    await delay(RECHECKED_MS);
    const slow = the.get();
    await delay(30);
    await the.commit(at(200));
    the.databases.tookMs = 0;
    expect(await slow).toMatchObject({ position: at(100) });
    await the.stored();
    the.databases.node = at(200);
    expect(await the.get(undefined, the.another())).toMatchObject({
      position: at(200),
      servedBy: 'replica-1',
    });
  });

  it('takes a missing generation for unknown: it begins at the primary, and an older entry is void', async () => {
    await the.get();
    await the.stored();
    the.databases.both(at(300));
    await the.control.del(generationKey(the.ref.tenantId));
    await delay(RECHECKED_MS);
    expect(await the.get()).toMatchObject({ position: at(300) });
    expect(the.databases.loads.at(-1)).toEqual(at(300));
    expect(await the.generations.find(the.ref.tenantId, 'tenant')).toEqual({ ok: true, value: at(300) });
  });

  it('stores nothing while the generation is missing and no primary can say where it is', async () => {
    the.databases.primary = undefined;
    expect(await the.get()).toMatchObject({ position: at(100) });
    expect(await the.get()).toMatchObject({ servedBy: 'replica-1' });
    expect(await the.isStored()).toBe(false);
  });

  it('forgets with a promotion what was known of the old timeline, whichever node still answers', async () => {
    await the.commit(at(1_000));
    the.databases.node = at(1_000);
    await the.get();
    await the.stored();
    the.databases.primary = at(900, 2);
    await delay(RECHECKED_MS);
    // A node of the old timeline is not refilled from, although its place in the log is further on.
    expect(await the.get()).toMatchObject({ position: at(1_000) });
    expect(the.databases.loads.slice(-2)).toEqual([at(900, 2), undefined]);
    the.databases.node = at(950, 2);
    expect(await the.get()).toMatchObject({ position: at(950, 2), servedBy: 'replica-1' });
    await the.commit(at(950, 2));
    await delay(RECHECKED_MS);
    expect(await the.get()).toMatchObject({ position: at(950, 2), servedBy: 'cache' });
    // A late writer of the old timeline changes nothing.
    await the.generations.raise(the.ref.tenantId, at(2_000), { channels: [], edited: false });
    await delay(RECHECKED_MS);
    expect(await the.get()).toMatchObject({ position: at(950, 2), servedBy: 'cache' });
  });

  it('gives a request with a token only what contains it', async () => {
    await the.get();
    await the.stored();
    the.databases.both(at(150));
    expect(await the.get(at(100))).toMatchObject({ servedBy: 'cache' });
    expect(await the.get(at(150))).toMatchObject({ position: at(150), servedBy: 'replica-1' });
    expect(the.databases.loads.at(-1)).toEqual(at(150));
    expect(await the.get(at(150))).toMatchObject({ servedBy: 'cache', position: at(150) });
    await expect(the.get(at(151))).rejects.toThrow(Behind);
    await expect(the.get(at(1, 2))).rejects.toThrow(Behind);
  });

  it('gives nobody with a token a page of the primary at just this position: it may lack the commit', async () => {
    const fromPrimary = async (position: Position | undefined) => ({
      ...(await the.databases.load(position)),
      servedBy: 'primary',
    });
    const get = (need?: Position, by = the.pages) => by.get(the.ref, need, fromPrimary);
    the.databases.tookMs = 50;
    const [first, second] = await Promise.all([get(), get(at(100))]);
    expect([first.servedBy, second.servedBy]).toEqual(['primary', 'primary']);
    the.databases.tookMs = 0;
    for (const by of [the.pages, the.another()])
      for (const need of [undefined, at(99)])
        await eventually('the cache answers', async () => (await get(need, by)).servedBy === 'cache');
    expect(await get(at(100))).toMatchObject({ servedBy: 'primary' });
    expect(await get(at(100), the.another())).toMatchObject({ servedBy: 'primary' });
  });

  it('lets a token wait for nobody whose page does not contain it', async () => {
    the.databases.tookMs = 100;
    const first = the.get();
    await delay(20);
    the.databases.both(at(150));
    the.databases.tookMs = 0;
    const [, two] = await Promise.all([first, the.get(at(150))]);
    expect(two.position).toEqual(at(150));
  });

  it('lets an entry grow old by time alone, the primary’s much sooner', async () => {
    await the.pages.get({ ...the.ref, freshMs: 200 }, undefined, the.databases.load);
    await the.stored();
    await delay(240);
    expect(await the.get()).toMatchObject({ servedBy: 'replica-1' });
    const primary = { ...the.ref, params: ['', '50'] };
    const fromPrimary = async (position: Position | undefined) => ({
      ...(await the.databases.load(position)),
      servedBy: 'primary',
    });
    await the.pages.get(primary, undefined, fromPrimary);
    expect(await the.pages.get(primary, undefined, fromPrimary)).toMatchObject({ servedBy: 'cache' });
    await delay(1_200);
    expect(await the.pages.get(primary, undefined, fromPrimary)).toMatchObject({ servedBy: 'primary' });
  });

  it('takes a page for fresh no longer than it says itself', async () => {
    const short = async (position: Position | undefined) => ({
      ...(await the.databases.load(position)),
      freshMs: 200,
    });
    await the.pages.get(the.ref, undefined, short);
    expect(await the.get()).toMatchObject({ servedBy: 'cache' });
    await delay(240);
    expect(await the.get()).toMatchObject({ servedBy: 'replica-1' });
  });

  it('keeps a view that only time outdates, without any generation', async () => {
    const top: PageRef = { ...the.ref, view: 'top', outdatedBy: null };
    await the.get(undefined, the.pages, top);
    await the.commit(at(200));
    await delay(RECHECKED_MS);
    const again = await the.get(undefined, the.pages, top);
    expect(again).toMatchObject({ servedBy: 'cache', position: at(100) });
    expect(again.ageSeconds).toBe(0);
  });

  it('does not keep what is large, nor trust what it cannot read', async () => {
    const large = async (position: Position | undefined) => ({
      ...(await the.databases.load(position)),
      body: 'x'.repeat(300_000),
    });
    await the.pages.get(the.ref, undefined, large);
    expect(await the.pages.get(the.ref, undefined, large)).toMatchObject({ servedBy: 'replica-1' });
    expect(await the.isStored()).toBe(false);
    await the.control.set(keyOf(the.ref), '9|what?', 'EX', 60);
    expect(await the.get()).toMatchObject({ servedBy: 'replica-1' });
  });

  it('mixes no two tenants, views or parameters, however alike they look', async () => {
    const parts = ['a', 'a|b', 'b', 'a","b', '["a"]', ''];
    const refs = parts.flatMap((tenantId) =>
      parts.map((param): PageRef => ({
        ...the.ref,
        tenantId: `${the.ref.tenantId}${tenantId}`,
        params: [param, '20'],
      })),
    );
    const read = (one: PageRef): Promise<Page> =>
      the.pages.get(one, undefined, async (position) => ({
        ...(await the.databases.load(position)),
        body: JSON.stringify([one.tenantId, one.params]),
      }));
    for (let round = 0; round < 2; round++) {
      const all = await Promise.all(refs.map(read));
      expect(all.map(({ body }) => body)).toEqual(
        refs.map((one) => JSON.stringify([one.tenantId, one.params])),
      );
    }
    expect(the.databases.loads).toHaveLength(refs.length);
  });
});
