import { afterEach, describe, expect, it } from '@jest/globals';
import { BATCH_MAX_POSTS, problem, type BatchResult, type ErrorCode } from '@spillway/contracts';
import {
  collect,
  eventually,
  startScriptedServer,
  type Script,
  type ScriptedServer,
} from '@spillway/testing';
import { SpillwayClient, type BatchPost, type CreatedPost, type SpillwayClientOptions } from './index.js';

const open: ScriptedServer[] = [];
afterEach(() => open.splice(0).forEach((server) => server.close()));

async function serve(...scripts: Script[]): Promise<ScriptedServer> {
  const server = await startScriptedServer(...scripts);
  open.push(server);
  return server;
}
const clientFor = ({ url }: ScriptedServer, own: Partial<SpillwayClientOptions> = {}): SpillwayClient =>
  new SpillwayClient({ baseUrl: url, token: 'secret', retry: { deadlineMs: 5_000 }, ...own });

/** Answers a batch item by item; a code refuses it, undefined accepts it. */
const batch =
  (codeOf: (post: BatchPost) => ErrorCode | undefined = () => undefined): Script =>
  (response, { body }) => {
    const results = (JSON.parse(body) as BatchPost[]).map((post): BatchResult => {
      const code = codeOf(post);
      return code
        ? { error: problem(code, 'no', 'r') }
        : { jobId: `job of ${post.content}`, status: 'processing' };
    });
    response.writeHead(202, { 'content-type': 'application/json' }).end(JSON.stringify({ results }));
  };
const refuse =
  (code: ErrorCode): Script =>
  (response) => {
    const body = problem(code, 'no', 'r');
    response.writeHead(body.status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(body));
  };
const reset: Script = (response) => response.socket?.resetAndDestroy();
const posts = (count: number): BatchPost[] => Array.from({ length: count }, (_, n) => ({ content: `${n}` }));
const sizesOf = ({ received }: ScriptedServer): number[] =>
  received.map(({ body }) => (JSON.parse(body) as unknown[]).length);
const codesOf = (created: readonly CreatedPost[]): string[] =>
  created.map((post) => ('error' in post ? post.error.code : post.jobId));

describe('createPosts', () => {
  it('shares posts out to full batches and gives one result for each, in order', async () => {
    const server = await serve(batch());
    const created = await collect(clientFor(server).createPosts(posts(2 * BATCH_MAX_POSTS + 1)));
    expect(codesOf(created)).toEqual(
      posts(2 * BATCH_MAX_POSTS + 1).map(({ content }) => `job of ${content}`),
    );
    expect(sizesOf(server).sort((a, b) => b - a)).toEqual([BATCH_MAX_POSTS, BATCH_MAX_POSTS, 1]);
    expect(server.received[0]).toMatchObject({ method: 'POST', path: '/v1/posts/batch' });
  });

  it('repeats a lost batch as it was, under the same ids', async () => {
    const server = await serve(reset, refuse('broker_unavailable'), refuse('confirm_timeout'), batch());
    const [created] = await collect(clientFor(server).createPosts(posts(1)));
    expect(created).toMatchObject({ jobId: 'job of 0' });
    expect(new Set(server.received.map(({ body }) => body)).size).toBe(1);
  });

  it('repeats only the posts that may be, and never those that are wrong', async () => {
    let rounds = 0;
    const codes: Record<string, ErrorCode> = {
      1: 'broker_rejected',
      2: 'invalid_request',
      3: 'confirm_timeout',
    };
    const script = batch(({ content }) => codes[content]);
    const server = await serve((response, request) => {
      if (++rounds === 2) delete codes['1'];
      if (rounds === 3) delete codes['3'];
      script(response, request);
    });
    const created = await collect(clientFor(server).createPosts(posts(5)));
    expect(codesOf(created)).toEqual(['job of 0', 'job of 1', 'invalid_request', 'job of 3', 'job of 4']);
    expect(sizesOf(server)).toEqual([5, 2, 1]);
  });

  it('says at the end of its time what is not accepted, and whether it may be stored', async () => {
    let rounds = 0;
    const server = await serve((response, request) => {
      const code: ErrorCode = ++rounds === 1 ? 'confirm_timeout' : 'broker_unavailable';
      batch(({ content }) => (content === '0' ? undefined : code))(response, request);
    });
    const client = clientFor(server, { retry: { deadlineMs: 300 } });
    const created = await collect(client.createPosts(posts(2)));
    expect(created).toMatchObject([
      { jobId: 'job of 0' },
      { error: { code: 'broker_unavailable', outcomeUnknown: true, retryable: true } },
    ]);
  });

  it('gives every post the error of its batch when that is refused for good', async () => {
    const created = await collect(clientFor(await serve(refuse('forbidden'))).createPosts(posts(2)));
    expect(created).toMatchObject([{ error: { code: 'forbidden' } }, { error: { code: 'forbidden' } }]);
  });

  it('holds no more than it may send, and yields while its source waits', async () => {
    const server = await serve(batch());
    let taken = 0;
    let finish: () => void = () => undefined;
    const source = async function* (): AsyncGenerator<BatchPost> {
      for (const post of posts(BATCH_MAX_POSTS * 4)) {
        taken++;
        yield post;
      }
      await new Promise<void>((resolve) => (finish = resolve));
    };
    const created = clientFor(server).createPosts(source(), { concurrency: 2, lingerMs: 1 });
    await created.next();
    expect(taken).toBeLessThanOrEqual(BATCH_MAX_POSTS * 3 + 1);
    for (let n = 1; n < BATCH_MAX_POSTS * 4; n++) expect((await created.next()).done).toBe(false);
    finish();
    expect((await created.next()).done).toBe(true);
  });

  it('ends with its signal, and ends its requests when nobody wants more', async () => {
    const silent: Script = () => undefined;
    const controller = new AbortController();
    const server = await serve(silent);
    const stopped = collect(clientFor(server).createPosts(posts(1), { signal: controller.signal }));
    await eventually('the batch is under way', () => server.received.length === 1);
    controller.abort(new Error('enough'));
    await expect(stopped).rejects.toThrow('enough');
    let gone = false;
    const other = await serve(batch(), (response) => response.on('close', () => (gone = true)));
    for await (const { postId } of clientFor(other).createPosts(posts(BATCH_MAX_POSTS * 2))) {
      expect(postId).toBeTruthy();
      await eventually('the second batch is under way', () => other.received.length === 2);
      break;
    }
    await eventually('the second batch is cut off', () => gone);
  });
});
