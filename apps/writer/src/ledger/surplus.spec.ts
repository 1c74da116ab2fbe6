import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, notYet } from '@spillway/testing';
import { ledgerFixture, type LedgerFixture } from './ledger.fixture.js';

describe('the ledger with a surplus', () => {
  let fixture: LedgerFixture;
  let accept: LedgerFixture['accept'];
  let carryOut: LedgerFixture['carryOut'];
  let create: LedgerFixture['create'];
  let emptied: LedgerFixture['emptied'];
  let figures: LedgerFixture['figures'];
  let gap: LedgerFixture['gap'];
  let publish: LedgerFixture['publish'];
  let queue: LedgerFixture['queue'];
  let shard: LedgerFixture['shard'];
  let tell: LedgerFixture['tell'];

  beforeAll(async () => {
    fixture = await ledgerFixture();
    ({ accept, carryOut, create, emptied, figures, gap, publish, queue, shard, tell } = fixture);
  });
  afterAll(() => fixture.close());

  /** It takes two looks, and begins anew when Redis did not tell in time. */
  const found = (surplus: number): Promise<unknown> =>
    eventually('the surplus is found', async () => {
      const told = await figures();
      return told.surplus === surplus || notYet(told);
    });

  it('knows for good what was delivered twice, and goes on balanced', async () => {
    await accept(create(), create());
    await carryOut(false);
    await carryOut();
    await found(2);
    await accept(create());
    expect(await figures()).toMatchObject({ surplus: 2 });
    await carryOut();
    await figures();
    expect(await figures()).toMatchObject({ surplus: 2 });
    await emptied();
    expect(await gap()).toBe(0);
  }, 40_000);

  it('takes no late telling for a loss', async () => {
    const before = await figures();
    await publish(create());
    await carryOut();
    await found(3);
    await tell(1);
    const { accepted, committed } = before;
    expect(await figures()).toEqual({ ...before, accepted: accepted + 1, committed: committed + 1 });
    await emptied();
    expect(await gap()).toBe(0);
  }, 40_000);

  it('tells a loss that what was delivered twice would have hidden', async () => {
    await accept(create(), create());
    await fixture.keeper.look(shard);
    await fixture.channel.purgeQueue(queue);
    await emptied();
    await figures();
    expect(await gap()).toBe(2);
    expect(await figures()).toMatchObject({ surplus: 2 });
  }, 40_000);

  it('is unbalanced when messages are deleted behind our back, and not while they wait', async () => {
    const before = await gap();
    await fixture.cache.call((redis) => redis.del(`spillway:accepted:${shard}`));
    await accept(create(), create());
    await accept(create());
    await fixture.keeper.look(shard);
    await eventually(
      'the management API sees the messages',
      async () => ((await fixture.depths.read([queue])).get(queue)?.ready ?? 0) === 2,
      { deadlineMs: 20_000, everyMs: 250 },
    );
    expect(await gap()).toBe(0);
    await fixture.channel.purgeQueue(queue);
    await emptied();
    expect(await gap()).toBe(before + 3);
  }, 60_000);
});
