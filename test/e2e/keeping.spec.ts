import { describe, expect, it } from '@jest/globals';
import type { Accepted, PostPage } from '@spillway/contracts';
import { callerOf, freshTenant, tokenOf } from './api.js';

describe('answers that clients keep', () => {
  it('are compressed when they are large, and recognised by the tag that this makes weak', async () => {
    const api = await callerOf(freshTenant());
    const { job } = await api.postAndFollow({ content: 'long '.repeat(400), tags: ['long'] });
    const fresh = { 'consistency-token': tokenOf(job) };
    const url = `/v1/posts/${job.postId}`;
    const read = await api.send('GET', url, { headers: fresh });
    expect(read.headers.get('content-encoding')).toBe('gzip');
    expect(read.headers.get('vary')).toBe('Accept-Encoding, Authorization, Cookie');
    const etag = read.headers.get('etag') ?? '';
    expect(etag).toMatch(/^W\/"/);
    const headers = { ...fresh, 'if-none-match': etag };
    expect(await api.send('GET', url, { headers })).toMatchObject({ status: 304, text: '' });
    const edit = { body: '{"content":"short"}', headers: { 'if-match': etag } };
    const { jobId } = (await api.send('PATCH', url, edit)).json<Accepted>();
    const edited = await api.followJob(jobId);
    expect(edited.status).toBe('completed');
    const after = { 'consistency-token': tokenOf(edited) };
    const short = await api.send('GET', url, { headers: { ...after, 'if-none-match': etag } });
    expect([short.status, short.headers.get('content-encoding')]).toEqual([200, null]);
  });

  it('are lists too: 304 until a post comes', async () => {
    const api = await callerOf(freshTenant());
    const list = async (token: string, known = '') =>
      api.send('GET', '/v1/posts?limit=3&fields=id', {
        headers: { 'consistency-token': token, 'if-none-match': known },
      });
    const { job } = await api.postAndFollow({ content: 'one' });
    const first = await list(tokenOf(job));
    expect(first.json<PostPage>()).toEqual({ items: [{ id: job.postId }], nextCursor: null });
    expect((await list(tokenOf(job), first.headers.get('etag') ?? '')).status).toBe(304);
    const { job: next } = await api.postAndFollow({ content: 'two' });
    const second = await list(tokenOf(next), first.headers.get('etag') ?? '');
    expect(second.json<PostPage>().items).toEqual([{ id: next.postId }, { id: job.postId }]);
  });
});
