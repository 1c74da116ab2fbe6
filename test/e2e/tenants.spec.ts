import { describe, expect, it } from '@jest/globals';
import { uuidV7, uuidV7Time, type Accepted, type Post, type PostPage } from '@spillway/contracts';
import { callerOf, freshTenant, problemOf, tokenOf } from './api.js';

describe('tenants', () => {
  it('see nothing of one another: not a post, not a list, not a job', async () => {
    const [one, two] = [await callerOf(freshTenant()), await callerOf(freshTenant())];
    const { accepted, job } = await one.postAndFollow({ content: 'secret of one' });
    const headers = { 'consistency-token': tokenOf(job) };
    expect((await two.send('GET', `/v1/posts/${job.postId}`, { headers })).status).toBe(404);
    expect((await two.send('GET', `/v1/jobs/${accepted.jobId}`)).status).toBe(404);
    expect((await two.send('GET', '/v1/posts', { headers })).json<PostPage>().items).toEqual([]);
  });

  it('may use the same post id without meeting', async () => {
    const [one, two] = [await callerOf(freshTenant()), await callerOf(freshTenant())];
    const id = uuidV7();
    for (const caller of [one, two]) {
      const put = await caller.send('PUT', `/v1/posts/${id}`, {
        body: JSON.stringify({ content: caller.tenant }),
      });
      const job = await caller.followJob(put.json<Accepted>().jobId);
      const got = await caller.send('GET', `/v1/posts/${id}`, {
        headers: { 'consistency-token': tokenOf(job) },
      });
      expect(got.json<Post>().content).toBe(caller.tenant);
    }
  });

  it('cannot follow a job that nobody issued', async () => {
    const caller = await callerOf(freshTenant());
    const { accepted } = await caller.postAndFollow({ content: 'real' });
    const forged = `${accepted.jobId.slice(0, -1)}${accepted.jobId.endsWith('A') ? 'B' : 'A'}`;
    for (const jobId of [forged, 'x', accepted.jobId.slice(1), '%2e%2e']) {
      const answer = await caller.send('GET', `/v1/jobs/${jobId}`);
      expect([jobId, answer.status, problemOf(answer).code]).toEqual([jobId, 404, 'not_found']);
    }
  });
});

describe('an importer', () => {
  const at = Date.UTC(1997, 3, 1);

  it('writes posts of the past under the names of their authors', async () => {
    const importer = await callerOf(freshTenant(), 'import', ['importer']);
    const id = uuidV7(at);
    const put = await importer.send('PUT', `/v1/posts/${id}`, {
      body: JSON.stringify({ content: 'old', authorId: 'linus' }),
    });
    const job = await importer.followJob(put.json<Accepted>().jobId);
    const got = await importer.send('GET', `/v1/posts/${id}`, {
      headers: { 'consistency-token': tokenOf(job) },
    });
    expect(got.json<Post>()).toMatchObject({ authorId: 'linus', createdAt: '1997-04-01T00:00:00.000Z' });
    expect(uuidV7Time(id)).toBe(at);
  });

  it('is who may do so: an author may not', async () => {
    const author = await callerOf(freshTenant());
    const past = await author.send('PUT', `/v1/posts/${uuidV7(at)}`, {
      body: JSON.stringify({ content: 'old' }),
    });
    expect([past.status, problemOf(past).errors]).toEqual([
      400,
      [{ pointer: '{id}', detail: expect.stringContaining('24 h') }],
    ]);
    const named = await author.send('PUT', `/v1/posts/${uuidV7()}`, {
      body: JSON.stringify({ content: 'x', authorId: 'linus' }),
    });
    expect([named.status, problemOf(named).code]).toEqual([403, 'forbidden']);
  });
});
