import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Position } from '@spillway/contracts';
import { issueConsistencyToken, ShardDirectory, SigningKeys } from '@spillway/contracts/server';
import {
  atLeast,
  DatabaseUnavailable,
  EVENTUAL,
  ReadRouter,
  STRONG,
  type Freshness,
} from '@spillway/database/read';
import { quietLogger } from '@spillway/testing';
import { TenantReads } from './tenant-reads.js';

const keys = SigningKeys.parse(`a:${randomBytes(32).toString('base64')}`, 'consistency');
const at = (lsn: string, timeline = 1): Position => ({ shard: 's0', timeline, lsn: lsn.padStart(16, '0') });

describe('a read asks for as much freshness as', () => {
  let router: ReadRouter;
  let reads: TenantReads;
  const token = issueConsistencyToken(keys, at('20'), Date.now());

  beforeAll(() => {
    router = ReadRouter.open({
      nodes: new Map(),
      poolMax: 2,
      applicationName: 'spec reader',
      logger: quietLogger,
      maxLagMs: 2_000,
      primaryReadShare: 0.5,
    });
    reads = new TenantReads(router, ShardDirectory.parse('s0:0-1023'), keys);
  });
  afterAll(() => router.close());

  it('a token of this shard says', () => {
    expect(reads.freshnessOf('acme', token)).toEqual({ mode: 'atLeast', position: at('20') });
  });

  it('the page before had, if that is more', () => {
    expect(reads.freshnessOf('acme', undefined, at('10'))).toMatchObject({ position: at('10') });
    expect(reads.freshnessOf('acme', token, at('10'))).toMatchObject({ position: at('20') });
    expect(reads.freshnessOf('acme', token, at('30'))).toMatchObject({ position: at('30') });
    expect(reads.freshnessOf('acme', token, at('30', 2))).toMatchObject({ position: at('20') });
  });

  it('the primary has, for a token of another shard', () => {
    const elsewhere = new TenantReads(router, ShardDirectory.parse('s9:0-1023'), keys);
    expect(elsewhere.freshnessOf('acme', token)).toEqual(STRONG);
  });

  it('nothing at all, without a token or for a forged or expired one', () => {
    const expired = issueConsistencyToken(keys, at('20'), Date.now() - 25 * 3600_000);
    for (const text of [undefined, `${token}x`, expired])
      expect(reads.freshnessOf('acme', text)).toEqual(EVENTUAL);
  });
});

describe('a read that no database answers', () => {
  const codeOf = async (
    why: DatabaseUnavailable['why'],
    freshness: Freshness = atLeast(at('20')),
  ): Promise<unknown> => {
    const router = { read: () => Promise.reject(new DatabaseUnavailable(why, 'no')) };
    const reads = new TenantReads(router, ShardDirectory.parse('s0:0-1023'), keys);
    return reads.read('acme', freshness, () => Promise.resolve(1)).catch((error: unknown) => error);
  };

  it('is said to ask for too fresh a one only where a position may be the reason', async () => {
    expect(await codeOf('position')).toMatchObject({ code: 'consistency_unavailable' });
    expect(await codeOf('budget')).toMatchObject({ code: 'consistency_unavailable' });
    expect(await codeOf('too_slow')).toMatchObject({ code: 'database_unavailable' });
    expect(await codeOf('position', EVENTUAL)).toMatchObject({ code: 'database_unavailable' });
  });
});
