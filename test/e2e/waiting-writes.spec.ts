import { randomUUID } from 'node:crypto';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { uuidV7, type Accepted, type Job, type Post } from '@spillway/contracts';
import { eventually, mintToken, notYet, startTcpProxy } from '@spillway/testing';
import { callerOf, freshTenant, type Answer, type Api } from './api.js';
import { takeTurnsWithTheWriters, whileWritersStand } from './held-writers.js';
import { startOwn, type OwnProcess } from './own-process.js';

let api: Api;
const own: OwnProcess[] = [];
takeTurnsWithTheWriters();
beforeAll(async () => {
  api = await callerOf(freshTenant());
});
afterEach(async () => {
  await Promise.all(own.splice(0).map((one) => one.stop()));
});

const write = (
  method: string,
  path: string,
  body?: object,
  headers: object = {},
  by = api,
): Promise<Answer> =>
  by.send(method, path, {
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers: { prefer: 'wait=10', ...headers },
  });
const shown = (answer: Answer) => [answer.status, answer.headers.get('preference-applied')];
const gateway = async (changes: Readonly<Record<string, string>> = {}): Promise<OwnProcess> => {
  const started = await startOwn(api.stack, 'gateway', changes);
  own.push(started);
  return started;
};
/** A waiting POST to a gateway beside the edge. */
const postTo = async (baseUrl: string, prefer = 'wait=10') => {
  const token = await mintToken(api.stack.dir, { tenant: api.tenant, sub: 'alice', roles: ['author'] });
  const startedAt = performance.now();
  const response = await fetch(`${baseUrl}/v1/posts`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', prefer },
    body: '{"content":"waited for"}',
  });
  await response.text();
  return { status: response.status, tookMs: performance.now() - startedAt };
};
/** A gateway of its own takes posts once it has found the broker. */
const taking = (baseUrl: string) =>
  eventually('it takes posts', async () => {
    const { status } = await postTo(baseUrl, 'none');
    return status === 202 || notYet(status);
  });

describe('Prefer: wait on a write', () => {
  it('answers 201 with the post as it is read, and a token that makes it readable', async () => {
    const body = { content: 'Grüezi 👋', tags: ['B', 'a'], channelId: 'news', replyTo: uuidV7() };
    const id = uuidV7();
    for (const [method, path] of [
      ['POST', '/v1/posts'],
      ['PUT', `/v1/posts/${id}`],
    ] as const) {
      const answer = await write(method, path, body);
      expect(shown(answer)).toEqual([201, 'wait=10']);
      const post = answer.json<Post>();
      expect(answer.headers.get('location')).toBe(`/v1/posts/${post.id}`);
      const read = await api.send('GET', `/v1/posts/${post.id}`, {
        headers: { 'consistency-token': answer.headers.get('consistency-token') ?? '' },
      });
      expect(read.json<Post>()).toEqual(post);
      expect(read.headers.get('etag')).toBe(answer.headers.get('etag'));
    }
  });

  it.each(['PATCH', 'DELETE'])(
    'answers the usual 202 to a PUT that ended before, and a %s',
    async (change) => {
      const id = uuidV7();
      const put = () => write('PUT', `/v1/posts/${id}`, { content: 'once' });
      expect(shown(await put())).toEqual([201, 'wait=10']);
      const body = change === 'PATCH' ? { content: 'twice' } : undefined;
      expect(shown(await write(change, `/v1/posts/${id}`, body))).toEqual([200, 'wait=10']);
      const again = await put();
      expect(shown(again)).toEqual([202, null]);
      expect(await api.followJob(again.json<Accepted>().jobId)).toMatchObject({ status: 'completed' });
    },
  );

  it('answers a repetition by its key as the first time', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const first = await write('POST', '/v1/posts', { content: 'keyed' }, key);
    const again = await write('POST', '/v1/posts', { content: 'keyed' }, key);
    expect([first, again].map(shown)).toEqual([
      [201, 'wait=10'],
      [201, 'wait=10'],
    ]);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.json<Post>()).toEqual(first.json<Post>());
  });

  it('answers 200 with the job of an edit or a deletion, and 202 when that failed', async () => {
    const { id } = (await write('POST', '/v1/posts', { content: 'first' })).json<Post>();
    const bob = await callerOf(api.tenant, 'bob');
    const refused = await write('PATCH', `/v1/posts/${id}`, { content: 'bob' }, {}, bob);
    expect(shown(refused)).toEqual([202, null]);
    expect(await bob.followJob(refused.json<Accepted>().jobId)).toMatchObject({ status: 'failed' });
    const edited = await write('PATCH', `/v1/posts/${id}`, { content: 'second' });
    expect(shown(edited)).toEqual([200, 'wait=10']);
    const job = edited.json<Job>();
    const polled = await api.followJob(job.jobId);
    expect({ ...polled, consistencyToken: '' }).toEqual({ ...job, consistencyToken: '' });
    const deleted = await write('DELETE', `/v1/posts/${id}`);
    expect(shown(deleted)).toEqual([200, 'wait=10']);
    const token = deleted.headers.get('consistency-token') ?? '';
    const gone = await api.send('GET', `/v1/posts/${id}`, { headers: { 'consistency-token': token } });
    expect(gone.status).toBe(404);
  });

  it('answers 202 when the time is over, and goes on when it is not', async () => {
    await whileWritersStand(api.stack, async (goOn) => {
      const startedAt = performance.now();
      const late = await write('POST', '/v1/posts', { content: 'late' }, { prefer: 'wait=1' });
      expect(shown(late)).toEqual([202, null]);
      expect(late.headers.get('location')).toBe(`/v1/jobs/${late.json<Accepted>().jobId}`);
      expect(performance.now() - startedAt).toBeGreaterThan(950);
      const waiting = Array.from({ length: 200 }, () => write('POST', '/v1/posts', { content: 'crowd' }));
      goOn();
      const answers = await Promise.all(waiting);
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    });
  });

  it('never fails: without Redis, with too many that wait, and when the gateway stops', async () => {
    const redis = new URL(api.stack.urlOf('redis'));
    const proxy = await startTcpProxy({ target: { port: Number(redis.port) } });
    redis.port = String(proxy.port);
    try {
      // Two in all, so one a tenant.
      const started = await gateway({ REDIS_URL: redis.href, WAIT_MAX: '2' });
      const { baseUrl } = started;
      await taking(baseUrl);
      const waits = () =>
        eventually('one waits', async () => (await started.metric('requests_waiting')) === 1);
      await whileWritersStand(api.stack, async () => {
        const first = postTo(baseUrl);
        await waits();
        const second = await postTo(baseUrl);
        expect(second.status).toBe(202);
        expect(second.tookMs).toBeLessThan(3_000);
        await proxy.refuse();
        proxy.reset();
        const cut = await first;
        expect(cut.status).toBe(202);
        expect(cut.tookMs).toBeLessThan(9_000);
        expect((await postTo(baseUrl)).status).toBe(202);
        await proxy.pass();
        const held = await eventually('it waits again', async () => {
          const one = postTo(baseUrl);
          const waiting = Promise.race([one.then(() => false), waits().then(() => true)]);
          return (await waiting) ? { one } : null;
        });
        const code = started.stop();
        expect((await held.one).status).toBe(202);
        expect(await code).toBe(0);
      });
    } finally {
      await Promise.all(own.splice(0).map((one) => one.stop()));
      await proxy.stop();
    }
  });
});
