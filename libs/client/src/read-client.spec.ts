import { afterEach, describe, expect, it } from '@jest/globals';
import type { ChangePage, Post } from '@spillway/contracts';
import { collect, startScriptedServer, type Script, type ScriptedServer } from '@spillway/testing';
import { ConsistencyTokens, SpillwayClient, type SpillwayClientOptions } from './index.js';

const open: ScriptedServer[] = [];
afterEach(() => open.splice(0).forEach((server) => server.close()));

async function serve(...scripts: Script[]): Promise<ScriptedServer> {
  const server = await startScriptedServer(...scripts);
  open.push(server);
  return server;
}
const json =
  (body: unknown, headers: Record<string, string> = {}): Script =>
  (response) => {
    response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
const page = (ids: readonly string[], nextCursor: string | null): Script =>
  json({ items: ids.map((id) => ({ id })), nextCursor });
const clientFor = (baseUrl: string, options: Partial<SpillwayClientOptions> = {}): SpillwayClient =>
  new SpillwayClient({ baseUrl, token: 'secret', retry: { deadlineMs: 5_000 }, ...options });
const pathsOf = ({ received }: ScriptedServer): readonly string[] => received.map(({ path }) => path);

describe('reading', () => {
  it('carries the consistency token and nothing else beyond the filters', async () => {
    const { url, received } = await serve(page([], null));
    await clientFor(`${url}/`).listPosts({ channelId: 'general', limit: 2 }, { consistencyToken: 'tok' });
    await clientFor(url).getPost('0193-1', { consistencyToken: undefined });
    expect(received.map((r) => [r.path, r.headers['consistency-token']])).toEqual([
      ['/v1/posts?channelId=general&limit=2', 'tok'],
      ['/v1/posts/0193-1', undefined],
    ]);
  });

  it('names every filter as the service does, times in UTC and fields with commas', async () => {
    const server = await serve(page(['1'], null));
    const since = new Date(0);
    const { items } = await clientFor(server.url).listPosts({
      ...{ tag: 'a&b', replyTo: 'r', since, until: '2026-01-31T12:00:00Z' },
      fields: ['id', 'tags'],
    });
    // Only what was asked for is there: anything else does not compile.
    const [first]: readonly Pick<Post, 'id' | 'tags'>[] = items;
    expect(first?.id).toBe('1');
    expect(Object.fromEntries(new URL(pathsOf(server)[0] ?? '', server.url).searchParams)).toEqual({
      tag: 'a&b',
      replyTo: 'r',
      since: '1970-01-01T00:00:00.000Z',
      until: '2026-01-31T12:00:00Z',
      fields: 'id,tags',
    });
  });

  it('walks over all pages, also empty ones, and asks for the next one only when it is needed', async () => {
    const server = await serve(page(['3', '2'], 'c 1'), page([], 'c2'), page(['1'], null));
    const ids: string[] = [];
    for await (const post of clientFor(server.url).iteratePosts({ authorId: 'ann' })) {
      ids.push(post.id);
      if (ids.length === 2) expect(server.received).toHaveLength(1);
    }
    expect(ids).toEqual(['3', '2', '1']);
    expect(pathsOf(server).slice(1)).toEqual([
      '/v1/posts?authorId=ann&cursor=c+1',
      '/v1/posts?authorId=ann&cursor=c2',
    ]);
  });

  it('asks for search, tags, top posts and stats where they are', async () => {
    const server = await serve(page([], null));
    const client = clientFor(server.url);
    await client.searchPosts('a "b c"', { limit: 3 });
    await collect(client.iterateSearch('x'));
    await client.listTags('pre');
    await collect(client.iterateTags());
    await client.topPosts({ window: '7d' });
    await client.getStats({ since: '2026-01-01T00:00:00Z' });
    expect(pathsOf(server)).toEqual([
      '/v1/search?q=a+%22b+c%22&limit=3',
      '/v1/search?q=x',
      '/v1/tags?prefix=pre',
      '/v1/tags?prefix=',
      '/v1/posts/top?window=7d',
      '/v1/stats?since=2026-01-01T00%3A00%3A00Z',
    ]);
  });
});

describe('following changes', () => {
  const TOKEN = `c1.a.s0.1.${'0'.repeat(15)}5.abc.${'x'.repeat(22)}`;
  const changes = (ids: readonly string[], cursor: string, more: boolean): Script =>
    json({ items: ids.map((postId) => ({ postId })), cursor, more }, { 'consistency-token': TOKEN });

  it('goes on from every cursor, passes over empty answers, and ends when it was told to', async () => {
    const server = await serve(
      changes(['1'], 'a', true),
      changes([], 'b', true),
      changes(['2', '3'], 'c', false),
    );
    const tokens = new ConsistencyTokens();
    const pages = await collect(
      clientFor(server.url, { tokens }).followChanges({ after: 'now', limit: 2, pollMs: 0 }),
    );
    expect(pages.map(({ cursor, items }) => [cursor, items.length])).toEqual([
      ['a', 1],
      ['c', 2],
    ]);
    expect(pathsOf(server)).toEqual([
      '/v1/changes?after=now&limit=2',
      '/v1/changes?after=a&limit=2',
      '/v1/changes?after=b&limit=2',
    ]);
    expect(tokens.newest()).toBe(TOKEN);
    expect(server.received[1]?.headers['consistency-token']).toBe(TOKEN);
  });

  it('looks again after a while, until its signal says enough', async () => {
    const server = await serve(changes([], 'a', false), changes(['1'], 'b', false), changes([], 'c', false));
    const controller = new AbortController();
    const seen: ChangePage[] = [];
    const follow = async (): Promise<void> => {
      const options = { pollMs: 5, signal: controller.signal };
      for await (const found of clientFor(server.url).followChanges(options)) {
        seen.push(found);
        controller.abort(new Error('enough'));
      }
    };
    await expect(follow()).rejects.toThrow('enough');
    expect(seen.map(({ cursor }) => cursor)).toEqual(['b']);
  });
});
