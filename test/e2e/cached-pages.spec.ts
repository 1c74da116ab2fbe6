import { beforeEach, describe, expect, it } from '@jest/globals';
import type { PostPage, TagPage } from '@spillway/contracts';
import { eventually, notYet } from '@spillway/testing';
import { callerOf, freshTenant, tokenOf, type Answer, type Api } from './api.js';

const LIST = '/v1/posts?channelId=news';

describe('first pages', () => {
  let api: Api;

  beforeEach(async () => {
    api = await callerOf(freshTenant());
  });

  const post = async (content: string, channelId = 'news') =>
    (await api.postAndFollow({ content, channelId })).job;
  const idsOf = (answer: Answer): string[] => answer.json<PostPage>().items.map(({ id }) => id);
  const fromCache = (path: string): Promise<Answer> =>
    eventually(`${path} comes from the cache`, async () => {
      const answer = await api.send('GET', path);
      const by = answer.headers.get('served-by');
      return by === 'cache' ? answer : notYet(by);
    });
  const listed = (what: string, holds: (ids: readonly string[]) => boolean): Promise<true> =>
    eventually(
      what,
      async () => {
        const ids = idsOf(await api.send('GET', LIST));
        return holds(ids) || notYet(ids);
      },
      { deadlineMs: 5_000 },
    );

  it('come from the cache as they came from a database, with their age, for this tenant alone', async () => {
    const job = await post('hello');
    const first = await api.send('GET', LIST, { headers: { 'consistency-token': tokenOf(job) } });
    expect(idsOf(first)).toEqual([job.postId]);
    const again = await fromCache(LIST);
    expect(idsOf(again)).toEqual([job.postId]);
    expect(again.headers.get('age')).toMatch(/^\d+$/);
    expect(again.headers.get('content-type')).toBe(first.headers.get('content-type'));
    expect(again.headers.get('cache-control')).toBe('private, no-cache');
    const etag = again.headers.get('etag') ?? '';
    const unchanged = await api.send('GET', LIST, { headers: { 'if-none-match': etag } });
    expect([unchanged.status, unchanged.text]).toEqual([304, '']);
    const other = await callerOf(freshTenant());
    expect(idsOf(await other.send('GET', LIST))).toEqual([]);
    expect((await api.send('GET', LIST, { token: null })).status).toBe(401);
  });

  it('have what was committed a moment later: new posts, edits and deletions', async () => {
    const one = await post('one');
    await fromCache(LIST);
    const two = await post('two');
    await listed('a new post', (ids) => ids.join() === [two.postId, one.postId].join());
    await fromCache(LIST);
    const edit = await api.send('PATCH', `/v1/posts/${two.postId}`, { body: '{"content":"edited"}' });
    expect(edit.status).toBe(202);
    await eventually('an edit', async () => (await api.send('GET', LIST)).text.includes('edited'), {
      deadlineMs: 5_000,
    });
    await fromCache(LIST);
    expect((await api.send('DELETE', `/v1/posts/${two.postId}`)).status).toBe(202);
    await listed('a deletion', (ids) => ids.join() === one.postId);
  });

  it('have what a token asks for at once', async () => {
    await post('one');
    await fromCache(LIST);
    const job = await post('two');
    const answer = await api.send('GET', LIST, { headers: { 'consistency-token': tokenOf(job) } });
    expect(idsOf(answer)[0]).toBe(job.postId);
  });

  it.each(['/v1/tags', '/v1/posts/top?window=1h'])('%s is cached as well', async (path) => {
    await post('one');
    expect((await fromCache(path)).status).toBe(200);
  });

  it('of tags have another ETag once there is a next page', async () => {
    const path = '/v1/tags?limit=10';
    /** Tags follow their posts by a moment; this size is read each time. */
    const tagged = async (tags: string[], all: number) => {
      await api.postAndFollow({ content: 'tagged', tags });
      await eventually(`${all} tags`, async () => {
        const { items } = (await api.send('GET', '/v1/tags?limit=11')).json<TagPage>();
        return items.length === all || notYet(items.length);
      });
    };
    await tagged(['t0', 't1', 't2', 't3', 't4'], 5);
    await tagged(['t5', 't6', 't7', 't8', 't9'], 10);
    const full = await api.send('GET', path);
    expect(full.json<TagPage>()).toMatchObject({ items: { length: 10 }, nextCursor: null });
    const headers = { 'if-none-match': full.headers.get('etag') ?? '' };
    expect((await api.send('GET', path, { headers })).status).toBe(304);
    await tagged(['u'], 11);
    await eventually('a next page', async () => {
      const { status } = await api.send('GET', path, { headers });
      return status === 200 || notYet(status);
    });
    expect((await api.send('GET', path)).json<TagPage>().nextCursor).not.toBeNull();
  });

  it('with filters that few share are read each time', async () => {
    await post('one');
    for (let n = 0; n < 3; n++) {
      const answer = await api.send('GET', `${LIST}&authorId=alice`);
      expect(answer.headers.get('served-by')).toMatch(/^(replica-\d+|primary)$/);
    }
  });
});
