import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Accepted, PostPage } from '@spillway/contracts';
import { callerOf, freshTenant, problemOf, tokenOf, type Answer, type Api } from './api.js';

let api: Api;
beforeAll(async () => {
  api = await callerOf(freshTenant());
});

const send = (caller: Api, key: string, content: string): Promise<Answer> =>
  caller.send('POST', '/v1/posts', {
    body: JSON.stringify({ content }),
    headers: { 'idempotency-key': key },
  });

describe('an Idempotency-Key', () => {
  it('answers a repetition with the same job, and makes one post', async () => {
    const key = `"${randomUUID()}"`;
    const first = await send(api, key, 'once');
    const second = await send(api, key, 'once');
    expect([first.status, first.headers.get('idempotency-replayed')]).toEqual([202, null]);
    expect([second.status, second.headers.get('idempotency-replayed')]).toEqual([202, 'true']);
    expect(second.json<Accepted>()).toEqual(first.json<Accepted>());
  });

  it('may be quoted or bare: it is the same key', async () => {
    const key = randomUUID();
    const first = await send(api, `"${key}"`, 'quoted');
    const second = await send(api, key, 'quoted');
    expect(second.json<Accepted>().jobId).toBe(first.json<Accepted>().jobId);
  });

  it('with another body is refused, and belongs to its author and tenant alone', async () => {
    const key = randomUUID();
    expect((await send(api, key, 'one')).status).toBe(202);
    const other = await send(api, key, 'two');
    expect([other.status, problemOf(other).code]).toEqual([422, 'idempotency_key_reused']);
    const bob = await callerOf(api.tenant, 'bob');
    expect((await send(bob, key, 'two')).headers.get('idempotency-replayed')).toBeNull();
    const foreign = await callerOf(freshTenant());
    expect((await send(foreign, key, 'one')).headers.get('idempotency-replayed')).toBeNull();
  });

  it('of a hundred requests at once makes one post, whichever job is asked', async () => {
    const own = await callerOf(freshTenant());
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 100 }, () => send(own, key, 'crowd')));
    const accepted = answers.filter(({ status }) => status === 202);
    expect(answers.every(({ status }) => status === 202 || status === 409)).toBe(true);
    // One job, unless Redis was too slow for a request: then its job ends with the post of the first.
    const jobIds = [...new Set(accepted.map((answer) => answer.json<Accepted>().jobId))];
    expect(jobIds.length).toBeGreaterThan(0);
    const last = await send(own, key, 'crowd');
    const job = await own.followJob(last.json<Accepted>().jobId);
    const jobs = await Promise.all(jobIds.map((jobId) => own.followJob(jobId)));
    expect(new Set([job, ...jobs].map(({ postId }) => postId)).size).toBe(1);
    const list = await own.send('GET', '/v1/posts', { headers: { 'consistency-token': tokenOf(job) } });
    expect(list.json<PostPage>().items.map(({ content }) => content)).toEqual(['crowd']);
  });

  it('is not burned by a request that is refused', async () => {
    const key = randomUUID();
    expect((await send(api, key, '')).status).toBe(400);
    expect((await send(api, key, 'now right')).status).toBe(202);
  });

  it.each(['', '"', '"open', 'two words', 'é', 'x'.repeat(256)])(
    'is refused when malformed: %s',
    async (key) => {
      if (key === 'é') return expect(() => new Headers({ 'idempotency-key': 'ё' })).toThrow();
      const answer = await send(api, key, 'x');
      expect(answer.status).toBe(400);
    },
  );
});
