import { describe, expect, it } from '@jest/globals';
import { eventually } from '@spillway/testing';
import { atLeast, EVENTUAL, STRONG } from './freshness.js';
import { SHARD } from './spec/cluster-fixture.js';
import { options, useRouters } from './spec/use-routers.js';

describe('Router', () => {
  const the = useRouters();

  it('reads only rows of its tenant, on a session that another tenant used before', async () => {
    const reader = await the.openReader({ poolMax: 2 });
    const { id, position } = await the.write();
    for (const other of ['', 'nobody', `${the.tenant}x`]) {
      const mine = await reader.onReplica(SHARD, the.tenant, atLeast(position), the.find(id));
      expect(mine.value).toBe(true);
      const theirs = await reader.onReplica(SHARD, other, atLeast(position), the.find(id));
      expect(theirs.value).toBe(false);
    }
  });

  it('does not write for readers, by transaction and by role', async () => {
    const reader = await the.openReader();
    for (const freshness of [EVENTUAL, STRONG]) {
      const attempt = reader.onReplica(SHARD, the.tenant, freshness, (scope) =>
        scope.query(`UPDATE posts SET content = ''`),
      );
      await expect(attempt).rejects.toThrow(/read-only transaction|permission denied/);
    }
  });

  it('keeps reads on the primary inside their share of its connections', async () => {
    const reader = the.open({ ...options('reader', ['primary']), poolMax: 10, primaryReadShare: 0.2 });
    await eventually('the primary answers', async () => (await the.servedBy(reader)) === 'primary');
    const gate = Promise.withResolvers<undefined>();
    let started = 0;
    const holding = [1, 2].map(() =>
      reader.onReplica(SHARD, the.tenant, STRONG, async (scope) => {
        started++;
        await gate.promise;
        return scope.query('SELECT 1');
      }),
    );
    await eventually('both have a connection', () => started === 2);
    await expect(the.servedBy(reader, STRONG)).rejects.toMatchObject({
      name: 'DatabaseUnavailable',
      why: 'budget',
    });
    await expect(the.servedBy(reader, EVENTUAL)).rejects.toMatchObject({ why: 'no_replica' });
    gate.resolve(undefined);
    await Promise.all(holding);
    expect(await the.servedBy(reader, STRONG)).toBe('primary');
  });

  it('knows only the shards of its configuration', async () => {
    await expect(the.writer.onPrimary('s9', () => Promise.resolve())).rejects.toThrow(
      'shard s9 has no nodes',
    );
  });
});
