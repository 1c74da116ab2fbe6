import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  BATCH_MAX_BYTES,
  BATCH_MAX_POSTS,
  uuidV7,
  type BatchAnswer,
  type BatchResult,
  type ErrorCode,
  type Job,
  type Post,
  type PostPage,
} from '@spillway/contracts';
import { eventually, mintToken, notYet } from '@spillway/testing';
import { callerOf, freshTenant, problemOf, tokenOf, type Answer, type Api } from './api.js';

let api: Api;
beforeAll(async () => {
  api = await callerOf(freshTenant());
});

const PATH = '/v1/posts/batch';
const NDJSON = { 'content-type': 'application/x-ndjson' };
const sendArray = (caller: Api, posts: readonly unknown[]): Promise<Answer> =>
  caller.send('POST', PATH, { body: JSON.stringify(posts) });
const sendLines = (caller: Api, body: string): Promise<Answer> =>
  caller.send('POST', PATH, { body, headers: NDJSON });
const resultsOf = (answer: Answer): readonly BatchResult[] => {
  expect([answer.status, answer.headers.get('cache-control')]).toEqual([202, 'no-store']);
  return answer.json<BatchAnswer>().results;
};
const codesOf = (answer: Answer): string[] =>
  resultsOf(answer).map((result) => ('error' in result ? result.error.code : result.status));
const jobIdOf = (result: BatchResult | undefined): string => {
  if (!result || !('jobId' in result)) throw new Error(`not accepted: ${JSON.stringify(result)}`);
  return result.jobId;
};
const follow = (caller: Api, answer: Answer): Promise<Job[]> =>
  Promise.all(resultsOf(answer).map((result) => caller.followJob(jobIdOf(result))));
const lastJob = (caller: Api, answer: Answer): Promise<Job> =>
  caller.followJob(jobIdOf(resultsOf(answer).at(-1)));
/** Milliseconds from acceptance to commit. */
const lagOf = ({ createdAt, completedAt = '' }: Job): number =>
  Date.parse(completedAt) - Date.parse(createdAt);
const refused = (answer: Answer): ErrorCode => {
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(answer.status).toBe(problemOf(answer).status);
  return problemOf(answer).code;
};

/** Every post of the caller's tenant, as of the newest of these jobs. */
async function storedPosts(caller: Api, jobs: readonly Job[]): Promise<Post[]> {
  const token = jobs.map(tokenOf).sort().at(-1) ?? '';
  const posts: Post[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page = await caller.send('GET', `/v1/posts?limit=100${cursor && `&cursor=${cursor}`}`, {
      headers: { 'consistency-token': token },
    });
    const { items, nextCursor }: PostPage = page.json<PostPage>();
    posts.push(...items);
    cursor = nextCursor;
  }
  return posts;
}

describe('a batch of posts', () => {
  it('of the largest number is committed to the last, in order and byte for byte', async () => {
    const caller = await callerOf(freshTenant());
    const posts = Array.from({ length: BATCH_MAX_POSTS }, (_, n) => ({
      content: `${n} Grüße \u{1F984}\u202e العربية \u0001 \\ " \n ${'中'.repeat(n)}`,
      channelId: `c${n % 3}`,
      tags: [`t${n}`],
    }));
    const jobs = await follow(caller, await sendArray(caller, posts));
    expect(new Set(jobs.map(({ status }) => status))).toEqual(new Set(['completed']));
    const stored = new Map((await storedPosts(caller, jobs)).map((post) => [post.id, post]));
    expect(stored.size).toBe(BATCH_MAX_POSTS);
    const asSent = jobs.map(({ postId }) => {
      const { content, channelId, tags } = stored.get(postId) ?? {};
      return { content, channelId, tags };
    });
    expect(asSent).toEqual(posts);
  }, 60_000);

  it('takes the good and points into each of the bad', async () => {
    const answer = await sendArray(api, [
      { content: 'good' },
      { content: '' },
      null,
      { content: 'x', tags: ['ok', ''] },
      { content: 'x', nested: {} },
      { content: 'good too' },
    ]);
    expect(codesOf(answer)).toEqual([
      'processing',
      ...Array.from({ length: 4 }, () => 'invalid_request'),
      'processing',
    ]);
    const [, empty, , tag] = resultsOf(answer);
    expect(empty).toMatchObject({
      error: {
        status: 400,
        requestId: answer.headers.get('x-request-id'),
        errors: [{ pointer: '/content' }],
      },
    });
    expect(tag).toMatchObject({ error: { errors: [{ pointer: '/tags/1' }] } });
  });

  it('may be NDJSON: blank lines, CR LF, any last line, and a line that is no JSON is that line’s', async () => {
    const line = (content: string): string => JSON.stringify({ content });
    expect(codesOf(await sendLines(api, `${line('a')}\n${line('b')}`))).toEqual(['processing', 'processing']);
    const odd = `\n${line('a 🌊')}\r\n \r\n{"content":\r\n${line('中')}\n\n`;
    expect(codesOf(await sendLines(api, odd))).toEqual(['processing', 'malformed_json', 'processing']);
    expect(codesOf(await sendLines(api, ''))).toEqual([]);
    expect(codesOf(await sendArray(api, []))).toEqual([]);
  });

  it('may arrive in pieces that cut characters in half', async () => {
    const text = JSON.stringify({ content: '🌊中ü'.repeat(50) });
    const bytes = new TextEncoder().encode(`${text}\n${text}\n`);
    const token = await mintToken(api.stack.dir, { tenant: api.tenant, sub: 'alice' });
    const answer = await fetch(api.stack.baseUrl + PATH, {
      method: 'POST',
      headers: { ...NDJSON, authorization: `Bearer ${token}` },
      body: new ReadableStream({
        start(controller) {
          for (let at = 0; at < bytes.length; at += 7) controller.enqueue(bytes.slice(at, at + 7));
          controller.close();
        },
      }),
      duplex: 'half',
    });
    const { results } = (await answer.json()) as BatchAnswer;
    const jobs = await Promise.all(results.map((result) => api.followJob(jobIdOf(result))));
    expect(jobs.map(({ status }) => status)).toEqual(['completed', 'completed']);
    const post = await api.send('GET', `/v1/posts/${jobs[0]?.postId}`, {
      headers: { 'consistency-token': jobs.map(tokenOf).sort().at(-1) ?? '' },
    });
    expect(post.json<Post>().content).toBe('🌊中ü'.repeat(50));
  });

  it('has limits of posts and of bytes, and above them nothing is accepted', async () => {
    const many = (count: number): object[] => Array.from({ length: count }, () => ({ content: '' }));
    expect(resultsOf(await sendArray(api, many(BATCH_MAX_POSTS)))).toHaveLength(BATCH_MAX_POSTS);
    expect(refused(await sendArray(api, many(BATCH_MAX_POSTS + 1)))).toBe('payload_too_large');
    const lines = '{"content":""}\n'.repeat(BATCH_MAX_POSTS);
    expect(resultsOf(await sendLines(api, `${lines}\n\n`))).toHaveLength(BATCH_MAX_POSTS);
    expect(refused(await sendLines(api, `${lines}{}`))).toBe('payload_too_large');
    const sized = (bytes: number): string => `[""${' '.repeat(bytes - 4)}]`;
    for (const bytes of [BATCH_MAX_BYTES - 1, BATCH_MAX_BYTES])
      expect((await api.send('POST', PATH, { body: sized(bytes) })).status).toBe(202);
    expect(refused(await api.send('POST', PATH, { body: sized(BATCH_MAX_BYTES + 1) }))).toBe(
      'payload_too_large',
    );
    const single = JSON.stringify({ content: 'x', tags: [' '.repeat(64 * 1024)] });
    expect(refused(await api.send('POST', '/v1/posts', { body: single }))).toBe('payload_too_large');
  });

  it.each([
    ['an object', '{"content":"x"}', 'invalid_request'],
    ['cut off', '[{"content":"x"}', 'malformed_json'],
    ['empty', '', 'malformed_json'],
  ] as const)('that is %s is refused as a whole', async (_case, body, code) => {
    expect(refused(await api.send('POST', PATH, { body }))).toBe(code);
  });

  it('is refused without a token, without a role to write, as another type and with a key', async () => {
    expect(refused(await api.send('POST', PATH, { body: '[]', token: null }))).toBe('unauthenticated');
    const reader = await callerOf(api.tenant, 'rita', ['reader']);
    expect(refused(await sendArray(reader, []))).toBe('forbidden');
    const text = { headers: { 'content-type': 'text/plain' }, body: '[]' };
    expect(refused(await api.send('POST', PATH, text))).toBe('unsupported_media_type');
    expect(refused(await api.send('POST', '/v1/posts', { headers: NDJSON, body: '{}' }))).toBe(
      'unsupported_media_type',
    );
    const keyed = await api.send('POST', PATH, { body: '[]', headers: { 'idempotency-key': 'k' } });
    expect([refused(keyed), problemOf(keyed).errors?.[0]?.pointer]).toEqual([
      'invalid_request',
      '!Idempotency-Key',
    ]);
  });
});

describe('a batch whose posts have ids', () => {
  it('may be repeated: the same posts, once', async () => {
    const caller = await callerOf(freshTenant());
    const posts = Array.from({ length: 100 }, (_, n) => ({ id: uuidV7(), content: `post ${n}` }));
    const twice = [...posts, ...posts];
    const answers = await Promise.all([sendArray(caller, posts), sendArray(caller, twice)]);
    const jobs = (await Promise.all(answers.map((answer) => follow(caller, answer)))).flat();
    expect(jobs.map(({ status, postId }) => [status, postId])).toEqual(
      [...posts, ...twice].map(({ id }) => ['completed', id]),
    );
    expect((await storedPosts(caller, jobs)).map(({ id }) => id).sort()).toEqual(
      posts.map(({ id }) => id).sort(),
    );
  }, 60_000);

  it('says of an id that is taken that it is, and an importer writes for others in the past', async () => {
    const id = uuidV7();
    const [first, second] = await follow(
      api,
      await sendArray(api, [
        { id, content: 'mine' },
        { id, content: 'other' },
      ]),
    );
    expect([first?.status, second?.status].sort()).toEqual(['completed', 'failed']);
    const importer = await callerOf(freshTenant(), 'import', ['importer']);
    const old = { id: uuidV7(Date.UTC(2004, 5, 1)), content: 'old', authorId: 'bob' };
    const [job] = await follow(importer, await sendArray(importer, [old]));
    expect(job?.status).toBe('completed');
  });
});

describe('batches beside single posts', () => {
  it('do not delay them: a post overtakes thousands of others that wait', async () => {
    const caller = await callerOf(freshTenant());
    const posts = Array.from({ length: BATCH_MAX_POSTS }, () => ({ content: 'x'.repeat(500) }));
    // A broker that is slow for a moment refuses some: then as many are sent again.
    const whole = () =>
      eventually(
        'a whole batch is accepted',
        async () => {
          const answer = await sendArray(caller, posts);
          const last = resultsOf(answer).at(-1);
          return last && 'jobId' in last ? answer : notYet(last);
        },
        { deadlineMs: 30_000, everyMs: 200 },
      );
    const answers = await Promise.all(Array.from({ length: 8 }, whole));
    const { job } = await api.postAndFollow({ content: 'in front' });
    const waits = await Promise.all(answers.map(async (answer) => lagOf(await lastJob(caller, answer))));
    expect(lagOf(job)).toBeLessThan(Math.max(...waits));
  }, 60_000);
});
