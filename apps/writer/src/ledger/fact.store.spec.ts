import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { purgeFacts } from './fact.store.js';
import { ledgerFixture, type LedgerFixture } from './ledger.fixture.js';

describe('facts', () => {
  let ledger: LedgerFixture;

  beforeAll(async () => {
    ledger = await ledgerFixture();
  });
  afterAll(() => ledger.close());

  it('of batches, runs of writers and their commits are kept, for a while', async () => {
    const { database, keeper, router, shard } = ledger;
    await ledger.accept(ledger.create());
    await ledger.carryOut();
    for (let look = 0; look < 2; look++) await keeper.look(shard);
    const rows = await database.query<{ whole: boolean; commands: string }>(
      `SELECT bool_and(writer = 'spec writer' AND lane = 'write' AND attempt = 1 AND started_at <= applied_at
         AND committed_at >= applied_at - interval '1 second' AND timeline = 1 AND lsn IS NOT NULL) AS whole,
         sum(commands)::text AS commands FROM batches`,
    );
    expect(rows).toEqual([{ whole: true, commands: '1' }]);
    expect(await database.query(`SELECT writer, seen_at > started_at AS seen FROM writer_runs`)).toEqual([
      { writer: 'spec', seen: true },
    ]);
    await database.query(`UPDATE batches SET applied_at = applied_at - interval '9 days'`);
    await database.query(`UPDATE writer_runs SET seen_at = seen_at - interval '9 days'`);
    await router.onPrimary(shard, purgeFacts);
    expect(await database.query('SELECT xid FROM batches UNION ALL SELECT NULL FROM writer_runs')).toEqual(
      [],
    );
  });
});
