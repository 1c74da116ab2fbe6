import { beforeAll, describe, expect, it } from '@jest/globals';
import { uuidV7, type Accepted, type Job, type Post } from '@spillway/contracts';
import { callerOf, freshTenant, problemOf, tokenOf, type Api } from './api.js';

let api: Api;
beforeAll(async () => {
  api = await callerOf(freshTenant());
});

const change = async (caller: Api, method: 'PATCH' | 'DELETE', id: string, body?: object): Promise<Job> => {
  const answer = await caller.send(method, `/v1/posts/${id}`, body ? { body: JSON.stringify(body) } : {});
  if (answer.status !== 202) throw new Error(`${answer.status} instead of 202: ${answer.text}`);
  return caller.followJob(answer.json<Accepted>().jobId);
};
const read = async (caller: Api, id: string, job: Job) =>
  caller.send('GET', `/v1/posts/${id}`, { headers: { 'consistency-token': tokenOf(job) } });

describe('an edit', () => {
  it('changes the fields it names and leaves the others', async () => {
    const { job } = await api.postAndFollow({ content: 'first', tags: ['a'], channelId: 'c' });
    const edited = await change(api, 'PATCH', job.postId, { content: 'second' });
    expect(edited).toMatchObject({ status: 'completed', postId: job.postId });
    const post = (await read(api, job.postId, edited)).json<Post>();
    expect(post).toMatchObject({ content: 'second', tags: ['a'], channelId: 'c', createdAt: job.createdAt });
    expect(Date.parse(post.updatedAt)).toBeGreaterThan(Date.parse(post.createdAt));
    const tagged = await change(api, 'PATCH', job.postId, { tags: ['B', 'c'] });
    expect((await read(api, job.postId, tagged)).json<Post>()).toMatchObject({
      content: 'second',
      tags: ['b', 'c'],
    });
  });

  it('wins by its order, whatever the order of arrival, when many race', async () => {
    const { job } = await api.postAndFollow({ content: 'start' });
    const jobs = await Promise.all(
      Array.from({ length: 20 }, (_, n) => change(api, 'PATCH', job.postId, { content: `edit ${n}` })),
    );
    expect(jobs.every(({ status }) => status === 'completed')).toBe(true);
    const applied = jobs.filter(({ superseded }) => !superseded);
    expect(applied.length).toBeGreaterThan(0);
    const last = jobs[jobs.length - 1] ?? job;
    expect((await read(api, job.postId, last)).json<Post>().content).toMatch(/^edit \d+$/);
  });

  it('of a post that another author wrote fails, unless a moderator makes it', async () => {
    const { job } = await api.postAndFollow({ content: 'mine' });
    const bob = await callerOf(api.tenant, 'bob');
    expect(await change(bob, 'PATCH', job.postId, { content: 'bob was here' })).toMatchObject({
      status: 'failed',
      error: { code: 'not_permitted' },
    });
    const mo = await callerOf(api.tenant, 'mo', ['author', 'moderator']);
    expect(await change(mo, 'PATCH', job.postId, { content: 'moderated' })).toMatchObject({
      status: 'completed',
    });
  });

  it('that comes before its post waits for it', async () => {
    const id = uuidV7();
    const early = await api.send('PATCH', `/v1/posts/${id}`, { body: JSON.stringify({ content: 'edited' }) });
    const put = await api.send('PUT', `/v1/posts/${id}`, { body: JSON.stringify({ content: 'late' }) });
    await api.followJob(put.json<Accepted>().jobId);
    const edited = await api.followJob(early.json<Accepted>().jobId);
    expect(edited.status).toBe('completed');
    expect((await read(api, id, edited)).json<Post>().content).toBe('edited');
  });

  it('is refused when it changes nothing or is malformed', async () => {
    const id = uuidV7();
    for (const body of ['{}', '{"content":""}', '{"channelId":"x"}', '{"content":null}']) {
      const answer = await api.send('PATCH', `/v1/posts/${id}`, { body });
      expect([body, answer.status, problemOf(answer).code]).toEqual([body, 400, 'invalid_request']);
    }
    const badMatch = await api.send('PATCH', `/v1/posts/${id}`, {
      body: '{"content":"x"}',
      headers: { 'if-match': 'W/"1"' },
    });
    expect(badMatch.status).toBe(400);
  });
});

describe('the ETag of a post', () => {
  const get = (id: string, headers: Readonly<Record<string, string>>) =>
    api.send('GET', `/v1/posts/${id}`, { headers });
  const editIf = async (id: string, etag: string, content: string): Promise<Job> => {
    const answer = await api.send('PATCH', `/v1/posts/${id}`, {
      body: JSON.stringify({ content }),
      headers: { 'if-match': etag },
    });
    return api.followJob(answer.json<Accepted>().jobId);
  };

  it('lets an edit through while the version stands, and fails the job when it does not', async () => {
    const { job } = await api.postAndFollow({ content: 'v1' });
    const first = (await read(api, job.postId, job)).headers.get('etag') ?? '';
    expect(first).toContain(`"${job.postId}.`);
    const edited = await editIf(job.postId, first, 'v2');
    expect(edited).toMatchObject({ status: 'completed' });
    expect(await editIf(job.postId, first, 'v3')).toMatchObject({
      status: 'failed',
      error: { code: 'version_conflict' },
    });
    const second = (await read(api, job.postId, edited)).headers.get('etag') ?? '';
    expect(second).not.toBe(first);
    expect(await editIf(job.postId, second, 'v3')).toMatchObject({ status: 'completed' });
  });

  it('spares sending what the caller has', async () => {
    const { job } = await api.postAndFollow({ content: 'seen' });
    const fresh = { 'consistency-token': tokenOf(job) };
    const first = await get(job.postId, fresh);
    const etag = first.headers.get('etag') ?? '';
    const again = await get(job.postId, { ...fresh, 'if-none-match': `"other", W/${etag}` });
    expect([again.status, again.text, again.headers.get('etag')]).toEqual([304, '', etag]);
    expect(again.headers.get('cache-control')).toBe('private, no-cache');
    expect(again.headers.get('vary')).toBe('Authorization, Cookie');
    expect((await get(job.postId, { ...fresh, 'if-none-match': '"other"' })).status).toBe(200);
    const unknown = await get(uuidV7(), { 'if-none-match': '*' });
    expect([unknown.status, unknown.headers.get('etag')]).toEqual([404, null]);
  });
});

describe('a deletion', () => {
  it('is final: the post is gone, and neither a create nor an edit brings it back', async () => {
    const id = uuidV7();
    const put = () => api.send('PUT', `/v1/posts/${id}`, { body: JSON.stringify({ content: 'gone soon' }) });
    await api.followJob((await put()).json<Accepted>().jobId);
    const deleted = await change(api, 'DELETE', id);
    expect(deleted.status).toBe('completed');
    expect((await read(api, id, deleted)).status).toBe(404);
    const again = await api.followJob((await put()).json<Accepted>().jobId);
    expect(again.status).toBe('completed');
    const edited = await change(api, 'PATCH', id, { content: 'back?' });
    expect(edited).toMatchObject({ status: 'completed', superseded: true });
    expect((await read(api, id, edited)).status).toBe(404);
  });
});
