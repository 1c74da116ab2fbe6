import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Accepted, Job, Problem } from '@spillway/contracts';
import { eventually, mintToken, notYet, startTcpProxy } from '@spillway/testing';
import { callerOf, freshTenant, type Api } from './api.js';
import { openEvents } from './event-stream.js';
import { takeTurnsWithTheWriters, whileWritersStand } from './held-writers.js';
import { startOwn, type OwnProcess } from './own-process.js';

let api: Api;
let token: string;
const own: OwnProcess[] = [];
takeTurnsWithTheWriters();
beforeAll(async () => {
  api = await callerOf(freshTenant());
  token = await mintToken(api.stack.dir, { tenant: api.tenant, sub: 'alice', roles: ['author'] });
});
afterEach(async () => {
  await Promise.all(own.splice(0).map((one) => one.stop()));
});

const accepted = async (): Promise<string> => {
  const answer = await api.send('POST', '/v1/posts', { body: JSON.stringify({ content: 'awaited' }) });
  return answer.json<Accepted>().jobId;
};
const ask = async (jobId: string, prefer: string, baseUrl = api.stack.baseUrl, auth = token) => {
  const startedAt = performance.now();
  const response = await fetch(`${baseUrl}/v1/jobs/${jobId}`, {
    headers: { authorization: `Bearer ${auth}`, prefer },
  });
  const job = (await response.json()) as Job;
  const applied = response.headers.get('preference-applied');
  return { status: response.status, job, applied, tookMs: performance.now() - startedAt };
};
const reader = async (changes: Readonly<Record<string, string>> = {}): Promise<OwnProcess> => {
  const started = await startOwn(api.stack, 'reader', changes);
  own.push(started);
  return started;
};
const refusal = async (url: string, auth: string) => {
  const response = await fetch(url, { headers: { authorization: `Bearer ${auth}` } });
  const { code } = (await response.json()) as Problem;
  return [response.status, code, response.headers.get('retry-after')];
};
const events = (jobId: string, baseUrl = api.stack.baseUrl, headers = {}) =>
  openEvents(`${baseUrl}/v1/jobs/${jobId}/events`, token, headers);

describe('Prefer: wait on a job', () => {
  it('answers when the job ends, or how it is when the time is over', async () => {
    await whileWritersStand(api.stack, async (goOn) => {
      const jobId = await accepted();
      const early = await ask(jobId, 'wait=1');
      expect(early).toMatchObject({ status: 200, applied: 'wait=1', job: { status: 'processing' } });
      expect(early.tookMs).toBeGreaterThan(950);
      expect(early.tookMs).toBeLessThan(2_500);
      const waiting = ask(jobId, 'wait=60');
      goOn();
      const late = await waiting;
      expect(late).toMatchObject({ applied: 'wait=10', job: { status: 'completed', jobId } });
      expect(late.tookMs).toBeLessThan(5_000);
    });
  });

  it('is ignored when it is malformed, and waits for no job that is not there', async () => {
    const jobId = await accepted();
    await api.followJob(jobId);
    expect(await ask(jobId, 'wait=soon')).toMatchObject({ status: 200, applied: null });
    expect(await ask(jobId, 'wait=10')).toMatchObject({ status: 200, applied: 'wait=10' });
    const forged = await ask('x'.repeat(76), 'wait=10');
    expect(forged.status).toBe(404);
    expect(forged.tookMs).toBeLessThan(2_000);
  });

  it('wakes two hundred that wait at once', async () => {
    const { waiting, jobIds } = await whileWritersStand(api.stack, async () => {
      const ids = await Promise.all(Array.from({ length: 200 }, accepted));
      return { jobIds: ids, waiting: ids.map((jobId) => ask(jobId, 'wait=10')) };
    });
    const answers = await Promise.all(waiting);
    expect(answers.map(({ job }) => job.jobId)).toEqual(jobIds);
    expect(new Set(answers.map(({ job, applied }) => `${job.status} ${applied}`))).toEqual(
      new Set(['completed wait=10']),
    );
  });

  it('is answered although Redis goes away meanwhile', async () => {
    const redis = new URL(api.stack.urlOf('redis'));
    const proxy = await startTcpProxy({ target: { port: Number(redis.port) } });
    redis.port = String(proxy.port);
    try {
      const { baseUrl } = await reader({ REDIS_URL: redis.href });
      await whileWritersStand(api.stack, async (goOn) => {
        const jobId = await accepted();
        const waiting = ask(jobId, 'wait=10', baseUrl);
        await eventually('it hears the news', () => proxy.connections > 1 || notYet(proxy.connections));
        await proxy.refuse();
        proxy.reset();
        goOn();
        const answer = await waiting;
        expect(answer).toMatchObject({ status: 200, job: { status: 'completed' } });
        expect(answer.tookMs).toBeLessThan(9_000);
      });
    } finally {
      await Promise.all(own.splice(0).map((one) => one.stop()));
      await proxy.stop();
    }
  });
});

describe('the events of a job', () => {
  it('come through the edge as they happen, and end with the job', async () => {
    await whileWritersStand(api.stack, async (goOn) => {
      const jobId = await accepted();
      const stream = await events(jobId);
      expect(stream.status).toBe(200);
      expect(stream.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
      expect(await stream.next()).toMatchObject({ id: 'processing', job: { jobId, status: 'processing' } });
      goOn();
      expect(await stream.next()).toMatchObject({
        id: 'completed',
        job: { status: 'completed', consistencyToken: expect.any(String) },
      });
      expect(await stream.next()).toBeNull();
    });
  });

  it('are not told again to who has the last one', async () => {
    const jobId = await accepted();
    await api.followJob(jobId);
    const again = await events(jobId, api.stack.baseUrl, { 'last-event-id': 'completed' });
    expect(again.status).toBe(204);
    const strange = await events(jobId, api.stack.baseUrl, { 'last-event-id': 'whatever' });
    expect(await strange.next()).toMatchObject({ id: 'completed' });
    expect(await strange.next()).toBeNull();
    expect((await events('x'.repeat(76))).status).toBe(404);
  });

  it('may be open so many at once, of a tenant and at a reader, and are freed when their clients go', async () => {
    const { baseUrl } = await reader({ EVENT_STREAMS_MAX: '3', EVENT_STREAMS_PER_TENANT: '2' });
    await whileWritersStand(api.stack, async () => {
      const jobId = await accepted();
      const path = `/v1/jobs/${jobId}/events`;
      const head = await fetch(baseUrl + path, {
        method: 'HEAD',
        headers: { authorization: `Bearer ${token}` },
      });
      expect(head.status).toBe(200);
      const [one, two] = [await events(jobId, baseUrl), await events(jobId, baseUrl)];
      await Promise.all([one.next(), two.next()]);
      expect(await refusal(baseUrl + path, token)).toEqual([429, 'too_many_streams', '5']);
      const other = await callerOf(freshTenant());
      const otherToken = await mintToken(api.stack.dir, {
        tenant: other.tenant,
        sub: 'bob',
        roles: ['author'],
      });
      const posted = await other.send('POST', '/v1/posts', { body: '{"content":"x"}' });
      const otherPath = `/v1/jobs/${posted.json<Accepted>().jobId}/events`;
      const three = await openEvents(baseUrl + otherPath, otherToken);
      await three.next();
      expect(await refusal(baseUrl + otherPath, otherToken)).toEqual([503, 'streams_exhausted', '5']);
      await Promise.all([one.close(), two.close()]);
      const free = await eventually('a place is free', async () => {
        const next = await events(jobId, baseUrl);
        return next.status === 200 ? next : notYet(next.status);
      });
      await Promise.all([free.close(), three.close()]);
    });
  });

  it('and waits end when their reader stops, in order and at once', async () => {
    const leaving = await reader();
    const { baseUrl } = leaving;
    await whileWritersStand(api.stack, async () => {
      const jobId = await accepted();
      const stream = await events(jobId, baseUrl);
      await stream.next();
      const waiting = ask(jobId, 'wait=10', baseUrl);
      await eventually('it waits', async () => (await leaving.metric('requests_waiting')) === 1);
      const startedAt = performance.now();
      const code = leaving.stop();
      expect(await stream.next()).toBeNull();
      expect(await waiting).toMatchObject({ status: 200, job: { status: 'processing' } });
      expect(await code).toBe(0);
      expect(performance.now() - startedAt).toBeLessThan(3_000);
    });
  });
});
