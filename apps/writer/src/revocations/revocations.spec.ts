import { randomUUID } from 'node:crypto';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CacheConnection, RevokedTokens } from '@spillway/cache';
import { uuidV7, type RevokeToken } from '@spillway/contracts';
import { migrate, Router } from '@spillway/database';
import type { BatchEntry, Outcome } from '@spillway/messaging';
import {
  createSpecDatabase,
  eventually,
  type LeakCheck,
  quietLogger,
  type RedisServer,
  type SpecDatabase,
  startRedisServer,
  watchLeaks,
} from '@spillway/testing';
import { Events } from '../events.js';
import { recordOutcomes } from '../posts/outcome.store.js';
import { openRouterTo, SHARD } from '../spec/writer-fixture.js';
import { keepRevocationsMirrored, RevocationMirror } from './revocation-mirror.js';
import { RevokeTokenHandler, type RevocationLimits } from './revoke-token.handler.js';

const seconds = (): number => Math.floor(Date.now() / 1_000);

describe('revoked tokens', () => {
  let leaks: LeakCheck;
  let database: SpecDatabase;
  let router: Router;
  let redis: RedisServer;
  let cache: CacheConnection;
  let tokens: RevokedTokens;
  let tenantId: string;

  beforeAll(async () => {
    leaks = watchLeaks();
    database = await createSpecDatabase('revoked');
    await migrate(database.urlOf('migrator'));
    router = openRouterTo(database.urlOf('writer'));
    redis = await startRedisServer();
    cache = CacheConnection.open({ url: redis.url, name: 'a spec', logger: quietLogger });
    tokens = new RevokedTokens(cache);
    await eventually('the primary is found', () => router.hasPrimaries);
  });
  afterAll(async () => {
    await router.close();
    await cache.close();
    await redis.stop();
    await database.drop();
    await leaks.expectNoLeaks();
  });
  beforeEach(() => {
    tenantId = `spec-${randomUUID()}`;
  });

  const command = (jti: string, fields: Partial<RevokeToken> = {}): RevokeToken => {
    const commandId = uuidV7();
    return {
      kind: 'token.revoke',
      commandId,
      postId: commandId,
      tenantId,
      actor: { sub: 'olga', moderator: false },
      acceptedAt: Date.now(),
      jti,
      exp: seconds() + 3_600,
      why: 'it leaked',
      via: 'api',
      ...fields,
    };
  };
  const entryOf = (given: RevokeToken): BatchEntry => ({
    decoded: { as: 'valid', command: given },
    messageId: given.commandId,
    ordinal: 0,
    body: Buffer.from(''),
    context: ROOT_CONTEXT,
    death: undefined,
  });
  /** What a batch of these comes to, by its results. */
  const revoke = async (commands: readonly RevokeToken[], limits?: RevocationLimits): Promise<Outcome[]> => {
    const entries = commands.map(entryOf);
    const outcomes = await router.onPrimary(SHARD, (scope) =>
      scope.transaction(async () => {
        const done = await new RevokeTokenHandler(limits).apply(scope, commands);
        await recordOutcomes(scope, entries, done);
        return done;
      }),
    );
    return [...outcomes];
  };
  const results = (outcomes: readonly Outcome[]) => outcomes.map(({ result }) => result);
  const stored = () =>
    database.query<{ jti: string; actor: string; why: string; exp: Date }>(
      'SELECT jti, actor, why, exp FROM revoked_tokens WHERE tenant_id = $1 ORDER BY jti',
      [tenantId],
    );
  const mirrored = async (): Promise<string[]> => {
    const all = await tokens.all(SHARD);
    const held = all.ok ? (all.value?.tokens ?? []) : [];
    return held.flatMap((held) => (held.tenantId === tenantId ? [held.jti] : [])).sort();
  };
  const mirrorOf = () => new RevocationMirror(router, tokens, [SHARD], new Events(quietLogger));

  it('are kept once, by the first who said why, and to the latest end', async () => {
    const first = command('a');
    const later = command('a', { exp: first.exp + 60, actor: { sub: 'otto', moderator: false } });
    const sooner = command('a', { exp: first.exp - 60 });
    expect(results(await revoke([first]))).toEqual(['committed']);
    expect(results(await revoke([sooner, command('b')]))).toEqual(['superseded', 'committed']);
    expect(results(await revoke([later]))).toEqual(['committed']);
    expect(results(await revoke([first]))).toEqual(['duplicate']);
    expect(await stored()).toEqual([
      { jti: 'a', actor: 'olga', why: 'it leaked', exp: new Date(later.exp * 1_000) },
      expect.objectContaining({ jti: 'b' }),
    ]);
  });

  it('named twice in one batch are one', async () => {
    const [first, second] = [command('a'), command('a', { exp: seconds() + 9_000 })];
    expect(results(await revoke([first, second]))).toEqual(['committed', 'superseded']);
    expect(await stored()).toEqual([expect.objectContaining({ exp: new Date(second.exp * 1_000) })]);
  });

  it('have an end in number, for a tenant and for all, and what is there may be repeated', async () => {
    const limits = { perTenant: 2, perShard: 1_000 };
    const outcomes = await revoke([command('a'), command('b'), command('c')], limits);
    expect(outcomes.at(-1)).toEqual({ result: 'rejected', code: 'too_many_revocations' });
    expect(results(outcomes)).toEqual(['committed', 'committed', 'rejected']);
    expect(results(await revoke([command('a'), command('d')], limits))).toEqual(['superseded', 'rejected']);
    expect(results(await revoke([command('e')], { perTenant: 99, perShard: 1 }))).toEqual(['rejected']);
  });

  it('reach Redis after their commit, and again after a flush or a crash of it', async () => {
    const mirror = mirrorOf();
    const stop = keepRevocationsMirrored(mirror);
    const tell = async (given: RevokeToken) => mirror.tell(SHARD, [entryOf(given)], await revoke([given]));
    await eventually('there is a mirror', async () => {
      const version = await tokens.version(SHARD);
      return version.ok && version.value !== null;
    });
    await tell(command('a'));
    expect(await mirrored()).toEqual(['a']);
    await cache.call((client) => client.flushall());
    const flushedAt = Date.now();
    await eventually('it is back', async () => (await mirrored()).join() === 'a');
    expect(Date.now() - flushedAt).toBeLessThan(2_000);
    await redis.kill();
    await tell(command('b'));
    await redis.restart();
    await eventually('all of it is back', async () => (await mirrored()).join() === 'a,b', {
      deadlineMs: 15_000,
    });
    await stop();
  });

  it('are told of again when their command comes again, since the first writer may have died', async () => {
    const mirror = mirrorOf();
    await mirror.look(Date.now());
    const given = command('a');
    await revoke([given]);
    expect(await mirrored()).toEqual([]);
    await mirror.tell(SHARD, [entryOf(given)], await revoke([given]));
    expect(await mirrored()).toEqual(['a']);
  });

  it('are written in the next second when they were committed while all were written', async () => {
    const given = command('a');
    let mirror = mirrorOf();
    const overtaken = new RevokedTokens(cache);
    overtaken.putAll = async (shard, all, now) => {
      await mirror.tell(SHARD, [entryOf(given)], await revoke([given]));
      return tokens.putAll(shard, all, now);
    };
    mirror = new RevocationMirror(router, overtaken, [SHARD], new Events(quietLogger));
    await cache.call((client) => client.flushall());
    const now = Date.now();
    await mirror.look(now);
    expect(await mirrored()).toEqual([]);
    overtaken.putAll = tokens.putAll.bind(tokens);
    await mirror.look(now + 1_000);
    expect(await mirrored()).toEqual(['a']);
  });

  it('are deleted an hour after their end', async () => {
    await revoke([command('over', { exp: seconds() - 3_700 }), command('just', { exp: seconds() - 60 })]);
    await mirrorOf().look(Date.now());
    expect((await stored()).map(({ jti }) => jti)).toEqual(['just']);
  });
});
