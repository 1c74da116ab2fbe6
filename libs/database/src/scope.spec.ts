import { describe, expect, it } from '@jest/globals';
import { eventually } from '@spillway/testing';
import { SHARD } from './spec/cluster-fixture.js';
import { options, useRouters } from './spec/use-routers.js';

describe('a lent connection', () => {
  const the = useRouters();

  it('is whole again after the first statement of a transaction failed', async () => {
    const writer = the.open({ ...options('writer', ['primary']), poolMax: 1 });
    await eventually('the primary is found', () => writer.hasPrimaries);
    const framed = (opening: string): Promise<{ readonly closing: readonly unknown[] }> =>
      writer.onPrimary(SHARD, (scope) =>
        scope.framed({ opening, fn: () => Promise.resolve(), closing: 'SELECT 2 AS two' }),
      );
    await expect(framed('SELECT 1 / 0')).rejects.toMatchObject({ code: '22012' });
    expect(await writer.onPrimary(SHARD, (scope) => scope.query('SELECT 1 AS one'))).toEqual([{ one: 1 }]);
    expect((await framed('SELECT 1')).closing).toEqual([{ two: 2 }]);
  });
});
