import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Redis } from 'ioredis';
import type { Accepted, Job, RevocationPage } from '@spillway/contracts';
import { eventually, mintToken, notYet, readStack } from '@spillway/testing';
import { runCli } from '../load-real/cli.js';
import { callerOf, freshTenant, problemOf, tokenOf, type Api } from './api.js';
import { startOwn } from './own-process.js';

const PATH = '/v1/revocations';
const stack = readStack();
let operator: Api;
beforeAll(async () => {
  operator = await callerOf(freshTenant(), 'olga', ['operator']);
});

interface Minted {
  readonly token: string;
  readonly jti: string;
}
const mint = async (tenant = operator.tenant): Promise<Minted> => {
  const token = await mintToken(stack.dir, { tenant, sub: 'alice' });
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
    jti: string;
  };
  return { token, jti: claims.jti };
};
const revoke = async (jti: string, caller = operator, more: object = {}): Promise<Job> => {
  const body = JSON.stringify({ jti, why: 'a test of it', ...more });
  const answer = await caller.send('POST', PATH, { body });
  if (answer.status !== 202) throw new Error(`${answer.status} instead of 202: ${answer.text}`);
  expect(answer.headers.get('location')).toBe(`/v1/jobs/${answer.json<Accepted>().jobId}`);
  return caller.followJob(answer.json<Accepted>().jobId);
};
/** What a gateway says to a body that it would refuse anyway, and a reader to a list. */
const ask = async (role: 'gateway' | 'reader', url: string, token: string): Promise<number> => {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const answer = await fetch(
    `${url}/v1/posts`,
    role === 'gateway' ? { method: 'POST', headers, body: '{}' } : { headers },
  );
  await answer.arrayBuffer();
  return answer.status;
};
const fine = { gateway: 400, reader: 200 } as const;
const processes = (): { role: 'gateway' | 'reader'; url: string }[] =>
  (['gateway', 'reader'] as const).flatMap((role) =>
    stack.ofRole(role).map(({ name }) => ({ role, url: stack.urlOf(name) })),
  );

describe('a revoked token', () => {
  it('is refused by every gateway and reader within 2 s, and no other token is', async () => {
    const [{ token, jti }, other] = [await mint(), await mint()];
    const stranger = await mintToken(stack.dir, { tenant: freshTenant(), sub: 'alice' });
    for (const { role, url } of processes())
      for (const good of [token, other.token, stranger]) expect(await ask(role, url, good)).toBe(fine[role]);
    const startedAt = Date.now();
    const body = JSON.stringify({ jti, why: 'a test of it' });
    expect((await operator.send('POST', PATH, { body })).status).toBe(202);
    const times = await Promise.all(
      processes().map(({ role, url }) =>
        eventually(
          `a ${role} refuses it`,
          async () => ((await ask(role, url, token)) === 401 ? Date.now() - startedAt : notYet(role)),
          { everyMs: 20 },
        ),
      ),
    );
    expect(Math.max(...times)).toBeLessThan(2_000);
    for (const { role, url } of processes())
      for (const good of [other.token, stranger]) expect(await ask(role, url, good)).toBe(fine[role]);
    const refusal = await operator.send('GET', '/v1/posts', { token });
    expect([refusal.status, problemOf(refusal).code]).toEqual([401, 'token_revoked']);
    expect(refusal.headers.get('www-authenticate')).toContain('invalid_token');
  });

  it('stays refused when its mirror is lost, also by a process that starts afterwards', async () => {
    const { token, jti } = await mint();
    await revoke(jti);
    await eventually(
      'it is refused',
      async () => (await operator.send('GET', '/v1/posts', { token })).status === 401,
    );
    const redis = new Redis(stack.urlOf('redis'));
    await redis.del('spillway:revoked:s0');
    await eventually('its mirror is back', async () => {
      for (const { role, url } of processes()) expect(await ask(role, url, token)).toBe(401);
      return (await redis.hexists('spillway:revoked:s0', `${operator.tenant}|${jti}`)) === 1;
    });
    redis.disconnect();
    for (const role of ['gateway', 'reader'] as const) {
      const own = await startOwn(stack, role);
      const seen = [await ask(role, own.baseUrl, token), (await own.metric('revocations_held')) ?? 0];
      await own.stop();
      expect(seen).toEqual([401, expect.any(Number)]);
      expect(seen[1]).toBeGreaterThan(0);
    }
  }, 60_000);

  it('is listed with who and why, to its tenant, and repeating it changes nothing', async () => {
    const { jti } = await mint();
    const expiresAt = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 3_600_000).toISOString();
    const job = await revoke(jti, operator, { expiresAt });
    expect(await revoke(jti, operator, { expiresAt })).toMatchObject({
      status: 'completed',
      superseded: true,
    });
    const headers = { 'consistency-token': tokenOf(job) };
    const list = await operator.send('GET', `${PATH}?jti=${jti}`, { headers });
    const item = { jti, expiresAt, who: 'olga', via: 'api', why: 'a test of it' };
    expect(list.json<RevocationPage>().items).toEqual([expect.objectContaining(item)]);
    const stranger = await callerOf(freshTenant(), 'olga', ['operator']);
    expect((await stranger.send('GET', PATH, { headers })).json()).toEqual({ items: [], nextCursor: null });
    await revoke((await mint()).jti);
    const first = await operator.send('GET', `${PATH}?limit=1`);
    const { nextCursor } = first.json<RevocationPage>();
    expect((await operator.send('GET', `${PATH}?limit=1&cursor=${nextCursor}`)).status).toBe(200);
    expect((await stranger.send('GET', `${PATH}?limit=1&cursor=${nextCursor}`)).status).toBe(400);
  });

  it('of another tenant is nobody’s to revoke', async () => {
    const theirs = freshTenant();
    const { token, jti } = await mint(theirs);
    await revoke(jti);
    const { jti: own, token: ownToken } = await mint();
    await revoke(own);
    await eventually(
      'ours is refused',
      async () => (await operator.send('GET', '/v1/posts', { token: ownToken })).status === 401,
    );
    expect((await operator.send('GET', '/v1/posts', { token })).status).toBe(200);
  });
});

describe('revocations', () => {
  it('are for operators, with a jti, a reason and an end that makes sense', async () => {
    const author = await callerOf(operator.tenant, 'alice', ['author', 'moderator']);
    const body = '{"jti":"x","why":"x"}';
    for (const answer of [await author.send('POST', PATH, { body }), await author.send('GET', PATH)])
      expect([answer.status, problemOf(answer).code]).toEqual([403, 'forbidden']);
    for (const wrong of [
      '{}',
      '{"jti":"x"}',
      '{"jti":"a b","why":"x"}',
      '{"jti":"x","why":""}',
      '{"jti":"x","why":"x","expiresAt":"2001-01-01T00:00:00Z"}',
      '{"jti":"x","why":"x","expiresAt":"2099-01-01T00:00:00Z"}',
      '{"jti":"x","why":"x","expiresAt":"2030-13-01T00:00:00Z"}',
      '{"jti":"x","why":"x","tenant":"other"}',
    ])
      expect([wrong, (await operator.send('POST', PATH, { body: wrong })).status]).toEqual([wrong, 400]);
    for (const query of ['limit=0', 'jti=a%20b', 'cursor=abc', 'x=1'])
      expect([query, (await operator.send('GET', `${PATH}?${query}`)).status]).toEqual([query, 400]);
  });

  it('are made on the command line too, which says what holds', async () => {
    const { token, jti } = await mint();
    const args = [
      'token',
      '--tenant',
      operator.tenant,
      '--revoke',
      jti,
      '--who',
      'otto',
      '--why',
      'found in a log',
    ];
    const first = await runCli(stack.dir, args);
    expect([first.code, first.stdout]).toEqual([
      0,
      expect.stringContaining(`${jti} of tenant ${operator.tenant} is revoked`),
    ]);
    await eventually(
      'it is refused',
      async () => (await operator.send('GET', '/v1/posts', { token })).status === 401,
    );
    const again = await runCli(stack.dir, [...args, '--ttl', '1h']);
    expect([again.code, again.stdout]).toEqual([
      0,
      expect.stringContaining('had been revoked before, by otto'),
    ]);
    const { items } = (await operator.send('GET', `${PATH}?jti=${jti}`)).json<RevocationPage>();
    expect(items).toEqual([expect.objectContaining({ jti, who: 'otto', via: 'cli', why: 'found in a log' })]);
    const nobody = await runCli(stack.dir, ['token', '--revoke', jti]);
    expect([nobody.code, nobody.stderr]).toEqual([1, expect.stringContaining('--tenant')]);
  });
});
jest.setTimeout(60_000);
