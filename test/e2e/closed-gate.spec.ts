import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { uuidV7, type Accepted } from '@spillway/contracts';
import { freePort, mintToken } from '@spillway/testing';
import { callerOf, freshTenant, type Api } from './api.js';
import { startOwn, type OwnProcess } from './own-process.js';

let api: Api;
let own: OwnProcess;
let token: string;

const send = (method: string, path: string, headers: Record<string, string>, body = '{"content":"x"}') =>
  fetch(own.baseUrl + path, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(method === 'DELETE' ? {} : { body }),
  });
const bearer = (): Record<string, string> => ({ authorization: `Bearer ${token}` });
const refused = async (): Promise<number> =>
  (await own.metric('posts_refused_total\\{reason="broker_unavailable"\\}')) ?? 0;

describe('a gateway without a broker', () => {
  beforeAll(async () => {
    api = await callerOf(freshTenant());
    token = await mintToken(api.stack.dir, { tenant: api.tenant, sub: 'alice', roles: ['author'] });
    own = await startOwn(api.stack, 'gateway', { AMQP_URLS: `amqp://127.0.0.1:${await freePort()}` });
  });
  afterAll(() => own.stop());

  it.each([
    ['POST', '/v1/posts'],
    ['POST', '/v1/post/create'],
    ['PUT', `/v1/posts/${uuidV7()}`],
    ['PATCH', `/v1/posts/${uuidV7()}`],
    ['DELETE', `/v1/posts/${uuidV7()}`],
  ])('refuses %s %s before it asks who sends it, and counts it', async (method, path) => {
    const before = await refused();
    const answer = await send(method, path, { 'x-request-id': 'a-request-of-its-own' });
    expect([answer.status, await answer.json()]).toEqual([
      503,
      expect.objectContaining({
        code: 'broker_unavailable',
        requestId: 'a-request-of-its-own',
        detail: expect.stringMatching(/no connection.*not accepted.*Retry-After/),
      }),
    ]);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.headers.get('retry-after')).toBe('2');
    expect(answer.headers.get('x-request-id')).toBe('a-request-of-its-own');
    expect(await refused()).toBe(before + 1);
  });

  it('still answers what is no new post', async () => {
    const key = { 'idempotency-key': `"${randomUUID()}"` };
    const body = JSON.stringify({ content: 'accepted before' });
    const first = await api.send('POST', '/v1/posts', { body, headers: key });
    expect(first.status).toBe(202);
    const again = await send('POST', '/v1/posts', { ...bearer(), ...key }, body);
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([202, 'true']);
    expect(await again.json()).toEqual(first.json<Accepted>());
    expect((await send('POST', '/v1/posts', key)).status).toBe(401);
    expect((await send('POST', '/v1/posts/batch', {}, '[]')).status).toBe(401);
  });

  it('reads no body of what it refuses, and goes on with the connection', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const body = JSON.stringify({ content: 'x'.repeat(9_000) });
    const post = () =>
      new Promise<[number | undefined, number | undefined]>((resolve, reject) => {
        const headers = { 'content-type': 'application/json', 'content-length': body.length };
        request(`${own.baseUrl}/v1/posts`, { method: 'POST', agent, headers }, (answer) => {
          const { localPort } = answer.socket;
          answer.resume().once('end', () => resolve([answer.statusCode, localPort]));
        })
          .once('error', reject)
          .end(body);
      });
    const [, port] = await post();
    for (let n = 0; n < 20; n++) expect(await post()).toEqual([503, port]);
    agent.destroy();
  });
});
