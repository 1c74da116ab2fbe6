import { beforeAll, describe, expect, it } from '@jest/globals';
import { uuidV7, type Accepted, type Post, type PostPage } from '@spillway/contracts';
import { Client } from 'pg';
import { callerOf, freshTenant, tokenOf, type Api } from './api.js';

let api: Api;
beforeAll(async () => {
  api = await callerOf(freshTenant());
});

describe('a post', () => {
  it('is accepted with a job and its address', async () => {
    const answer = await api.send('POST', '/v1/posts', { body: JSON.stringify({ content: 'hello' }) });
    expect(answer.status).toBe(202);
    const accepted = answer.json<Accepted>();
    expect(accepted).toEqual({
      message: 'Post creation queued successfully',
      jobId: expect.stringMatching(/^[A-Za-z0-9_-]{1,90}$/),
      status: 'processing',
    });
    expect(answer.headers.get('location')).toBe(`/v1/jobs/${accepted.jobId}`);
  });

  it('comes back from a replica, fresh by the token of its job, exactly as it was sent', async () => {
    const sent = {
      content: 'Zażółć gęślą jaźń — 慶應 🌊\n\ttabs "quotes" \\ and {braces}',
      channelId: 'general',
      tags: ['Ünï', 'b'],
    };
    const { job } = await api.postAndFollow(sent, '/v1/post/create');
    const headers = { 'consistency-token': tokenOf(job) };
    const answer = await api.send('GET', `/v1/posts/${job.postId}`, { headers });
    expect(answer.status).toBe(200);
    expect(answer.json<Post>()).toEqual({
      id: job.postId,
      authorId: 'alice',
      channelId: 'general',
      replyTo: null,
      content: sent.content,
      tags: ['ünï', 'b'],
      createdAt: job.createdAt,
      updatedAt: job.createdAt,
      replies: 0,
    });
    expect(answer.headers.get('served-by')).toMatch(/^(replica-\d+|primary)$/);
    expect(answer.headers.get('replica-lag')).toMatch(/^\d+$/);
    const list = await api.send('GET', '/v1/posts?channelId=general&limit=5', { headers });
    expect(list.json<PostPage>().items.map((post) => post.id)).toContain(job.postId);
  });

  it('is on the primary once its job says completed', async () => {
    const { job } = await api.postAndFollow({ content: 'on the primary' });
    const primary = new Client({ connectionString: api.stack.urlOf('postgres-primary') });
    await primary.connect();
    try {
      const { rows } = await primary.query('SELECT content, tenant_id FROM posts WHERE id = $1', [
        job.postId,
      ]);
      expect(rows).toEqual([{ content: 'on the primary', tenant_id: api.tenant }]);
    } finally {
      await primary.end();
    }
  });

  it('is one post, however often its PUT is repeated', async () => {
    const id = uuidV7();
    const body = JSON.stringify({ content: 'once' });
    const answers = await Promise.all(
      [1, 2, 3, 4, 5].map(() => api.send('PUT', `/v1/posts/${id}`, { body })),
    );
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202, 202]);
    const jobs = await Promise.all(answers.map((answer) => api.followJob(answer.json<Accepted>().jobId)));
    expect(jobs.map(({ status }) => status)).toEqual(Array(5).fill('completed'));
    const list = await api.send('GET', '/v1/posts?limit=100', {
      headers: { 'consistency-token': tokenOf(jobs[0] ?? fail()) },
    });
    expect(list.json<PostPage>().items.filter((post) => post.id === id)).toHaveLength(1);
  });

  it('keeps its id from another body and another author', async () => {
    const id = uuidV7();
    const put = (caller: Api, content: string) =>
      caller.send('PUT', `/v1/posts/${id}`, { body: JSON.stringify({ content }) });
    await api.followJob((await put(api, 'mine')).json<Accepted>().jobId);
    const other = await api.followJob((await put(api, 'changed')).json<Accepted>().jobId);
    expect(other).toMatchObject({ status: 'failed', error: { code: 'id_taken' } });
    const bob = await callerOf(api.tenant, 'bob');
    const stolen = await bob.followJob((await put(bob, 'mine')).json<Accepted>().jobId);
    expect(stolen).toMatchObject({ status: 'failed', error: { code: 'id_taken' } });
  });
});

describe('a list', () => {
  it('is complete and without repeats over its pages, and keeps to its filters', async () => {
    const own = await callerOf(freshTenant());
    const ids: string[] = [];
    for (let n = 0; n < 25; n++) {
      const id = uuidV7(Date.now() - n * 60_000);
      ids.push(id);
      await own.send('PUT', `/v1/posts/${id}`, {
        body: JSON.stringify({ content: `post ${n}`, channelId: n % 5 === 0 ? 'five' : 'rest' }),
      });
    }
    const { job } = await own.postAndFollow({ content: 'last' });
    ids.unshift(job.postId);
    const headers = { 'consistency-token': tokenOf(job) };
    const seen: string[] = [];
    let next: string | null = '';
    while (next !== null) {
      const query: string = next === '' ? '' : `&cursor=${next}`;
      const page = (await own.send('GET', `/v1/posts?limit=7${query}`, { headers })).json<PostPage>();
      seen.push(...page.items.map((post) => post.id));
      next = page.nextCursor;
    }
    expect(seen).toEqual(ids);
    const five = (await own.send('GET', '/v1/posts?channelId=five', { headers })).json<PostPage>();
    expect(five.items).toHaveLength(5);
    const nobody = (await own.send('GET', '/v1/posts?authorId=nobody', { headers })).json<PostPage>();
    expect(nobody).toEqual({ items: [], nextCursor: null });
  });
});

function fail(): never {
  throw new Error('there is no such job');
}
