import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { uuidV7 } from '@spillway/contracts';
import { edit, letterAction } from '../spec/commands.js';
import { ledgerFixture, type LedgerFixture } from './ledger.fixture.js';

describe('the ledger', () => {
  let fixture: LedgerFixture;
  let accept: LedgerFixture['accept'];
  let carryOut: LedgerFixture['carryOut'];
  let create: LedgerFixture['create'];
  let emptied: LedgerFixture['emptied'];
  let figures: LedgerFixture['figures'];
  let gap: LedgerFixture['gap'];
  let openLetter: LedgerFixture['openLetter'];
  let park: LedgerFixture['park'];
  let replay: LedgerFixture['replay'];
  let shard: LedgerFixture['shard'];
  let tenant: LedgerFixture['tenant'];

  beforeAll(async () => {
    fixture = await ledgerFixture();
    ({ accept, carryOut, create, emptied, figures, gap, openLetter, park, replay, shard, tenant } = fixture);
  });
  afterAll(() => fixture.close());

  it('balances creations, repeats, edits that came too late, and rejections', async () => {
    const [first, second] = [create(), create()];
    const [late, newer] = [edit(first, 1, { content: 'late' }), edit(first, 2, { content: 'newer' })];
    await accept(first, second, first);
    await accept(newer, create({ postId: first.postId, commandId: uuidV7() }));
    await carryOut();
    await accept(late);
    await carryOut();
    expect(await figures()).toEqual({
      accepted: 6,
      committed: 3,
      duplicate: 1,
      superseded: 1,
      failed: 1,
      parked: 0,
      surplus: 0,
    });
    await emptied();
    expect(await gap()).toBe(0);
  }, 40_000);

  it('follows what is parked, replayed, discarded, and replayed after all', async () => {
    const before = await figures();
    const [one, two] = [create(), create()];
    await accept(one, two);
    await park();
    expect(await figures()).toEqual({ ...before, accepted: 8, parked: 2 });
    const [first, second] = [await openLetter(one.commandId), await openLetter(two.commandId)];
    await accept(
      letterAction('dead_letter.replay', tenant, first),
      letterAction('dead_letter.discard', tenant, second),
    );
    await carryOut();
    // Two actions were committed; one letter waits for the broker, the other has failed.
    expect(await figures()).toEqual({ ...before, accepted: 10, committed: 5, failed: 2, parked: 1 });
    await replay();
    await carryOut();
    expect(await figures()).toEqual({ ...before, accepted: 10, committed: 6, failed: 2 });
    await accept(letterAction('dead_letter.replay', tenant, second));
    await carryOut();
    await replay();
    await carryOut();
    expect(await figures()).toEqual({ ...before, accepted: 11, committed: 8, failed: 1 });
  });

  it('counts a replay of what had been carried out meanwhile as a repeat', async () => {
    const before = await figures();
    const command = create();
    await accept(command);
    await park();
    await accept(command);
    await carryOut();
    await accept(letterAction('dead_letter.replay', tenant, await openLetter(command.commandId)));
    await carryOut();
    await replay();
    await carryOut();
    const { accepted, committed, duplicate } = before;
    const after = { accepted: accepted + 3, committed: committed + 2, duplicate: duplicate + 1 };
    expect(await figures()).toEqual({ ...before, ...after });
  });

  it('keeps what gateways accepted when Redis loses it, and adds up what restarts', async () => {
    const before = await figures();
    await fixture.cache.call((redis) => redis.del(`spillway:accepted:${shard}`));
    expect(await figures()).toEqual(before);
    await fixture.mirror.putAccepted(shard, 'gateway-1/b', { accepted: 2, late: 0 });
    expect(await figures()).toMatchObject({ accepted: before.accepted + 2 });
    await fixture.database.query(`DELETE FROM ledger_accepted WHERE source = 'gateway-1/b'`);
  });
});
