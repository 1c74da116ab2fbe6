import { afterEach, describe, expect, it } from '@jest/globals';
import { isUuidV7, problem, type ErrorCode } from '@spillway/contracts';
import { startScriptedServer, type Script, type ScriptedServer } from '@spillway/testing';
import { SpillwayClient, SpillwayError, type SpillwayClientOptions } from './index.js';

const open: ScriptedServer[] = [];
afterEach(() => open.splice(0).forEach((server) => server.close()));

async function serve(...scripts: Script[]): Promise<ScriptedServer> {
  const server = await startScriptedServer(...scripts);
  open.push(server);
  return server;
}

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Script =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
const refuse = (code: ErrorCode, headers: Record<string, string> = {}): Script => {
  const body = problem(code, 'because', 'req-1');
  return json(body.status, body, headers);
};
const reset: Script = (response) => response.socket?.resetAndDestroy();
const silent: Script = () => undefined;
const accepted = json(202, {
  message: 'Post creation queued successfully',
  jobId: 'job-1',
  status: 'processing',
});
const processing = json(
  200,
  { jobId: 'job-1', status: 'processing', postId: 'p', createdAt: 'x' },
  { 'retry-after': '1' },
);
const completed = json(200, {
  jobId: 'job-1',
  status: 'completed',
  postId: 'p',
  createdAt: 'x',
  consistencyToken: 't',
});

const clientFor = (baseUrl: string, options: Partial<SpillwayClientOptions> = {}): SpillwayClient =>
  new SpillwayClient({ baseUrl, token: 'secret', retry: { deadlineMs: 5_000 }, ...options });
const failureOf = async (promise: Promise<unknown>): Promise<SpillwayError> => {
  const error: unknown = await promise.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof SpillwayError)) throw error;
  return error;
};

describe('submitting a post', () => {
  it('mints the id before the request leaves and puts the post under it', async () => {
    const { url, received } = await serve(accepted);
    const result = await clientFor(url).createPost({ content: 'hello', tags: ['a'] });
    expect(isUuidV7(result.postId)).toBe(true);
    expect(result).toEqual(expect.objectContaining({ jobId: 'job-1', status: 'processing' }));
    expect(received[0]).toEqual(
      expect.objectContaining({
        method: 'PUT',
        path: `/v1/posts/${result.postId}`,
        body: '{"content":"hello","tags":["a"]}',
      }),
    );
    expect(received[0]?.headers).toEqual(
      expect.objectContaining({ authorization: 'Bearer secret', 'content-type': 'application/json' }),
    );
  });

  it('repeats the same request under the same id after a reset, a 502, a 503 and a 504', async () => {
    const codes = ['bad_gateway', 'broker_unavailable', 'confirm_timeout'] as const;
    const { url, received } = await serve(reset, ...codes.map((code) => refuse(code)), accepted);
    const failures: string[] = [];
    const client = clientFor(url, { onFailedAttempt: (error) => failures.push(error.code) });
    await client.createPost({ content: 'hello' });
    expect(failures).toEqual(['no_answer', ...codes]);
    expect(new Set(received.map((r) => `${r.method} ${r.path} ${r.body}`)).size).toBe(1);
  });

  it('stores what was sent, byte for byte, in any language', async () => {
    const { url, received } = await serve(accepted);
    const content = 'Grüße \u{1F984} \u202e العربية 中文 \u0001 \\ " \n';
    await clientFor(url).createPost({ content });
    expect(JSON.parse(received[0]?.body ?? '')).toEqual({ content });
  });

  it('waits as long as Retry-After asks, and no attempt starts earlier', async () => {
    const { url, received } = await serve(refuse('broker_unavailable', { 'retry-after': '1' }), accepted);
    await clientFor(url).createPost({ content: 'hello' });
    const [first, second] = received;
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(990);
  });

  it('repeats after 429, and gives up at once when Retry-After lies beyond the deadline', async () => {
    const limited = json(429, { code: 'x' }, { 'retry-after': '0' });
    const first = await serve(limited, accepted);
    await clientFor(first.url).createPost({ content: 'hello' });
    expect(first.received).toHaveLength(2);
    const second = await serve(refuse('broker_unavailable', { 'retry-after': '60' }));
    const error = await failureOf(clientFor(second.url).createPost({ content: 'hello' }));
    expect(error).toEqual(expect.objectContaining({ code: 'broker_unavailable', retryAfterMs: 60_000 }));
    expect(second.received).toHaveLength(1);
  });

  it.each([
    'invalid_request',
    'unauthenticated',
    'forbidden',
    'not_found',
    'payload_too_large',
    'request_timeout',
  ] as const)('never repeats %s', async (code) => {
    const { url, received } = await serve(refuse(code), accepted);
    const error = await failureOf(clientFor(url).createPost({ content: 'hello' }));
    expect(error).toEqual(
      expect.objectContaining({ code, detail: 'because', requestId: 'req-1', retryable: false }),
    );
    expect(error.outcomeUnknown).toBe(false);
    expect(received).toHaveLength(1);
  });

  it('names every mistake that the service has found', async () => {
    const body = problem('invalid_request', 'The body is wrong', 'r', [
      { pointer: '/content', detail: 'is empty' },
    ]);
    const { url } = await serve(json(400, body));
    const error = await failureOf(clientFor(url).createPost({ content: '' }));
    expect(error.message).toBe('invalid_request: The body is wrong · /content: is empty');
  });

  it('gives up on a service that stays silent, and says that the outcome is unknown', async () => {
    const { url } = await serve(silent);
    const client = clientFor(url, { requestTimeoutMs: 50, retry: { deadlineMs: 0 } });
    const error = await failureOf(client.createPost({ content: 'hello' }));
    expect(error).toEqual(
      expect.objectContaining({ code: 'answer_timeout', status: 0, retryable: true, outcomeUnknown: true }),
    );
  });

  it('remembers an attempt that may have taken effect when the last one certainly did not', async () => {
    const { url } = await serve(reset, refuse('broker_unavailable', { 'retry-after': '60' }));
    const error = await failureOf(clientFor(url).createPost({ content: 'hello' }));
    expect(error.code).toBe('broker_unavailable');
    expect(error.outcomeUnknown).toBe(true);
  });

  it('treats a success that cannot be read as no answer', async () => {
    const cut: Script = (response) => response.writeHead(202).end('{"jobId":');
    const { url, received } = await serve(cut, accepted);
    await clientFor(url).createPost({ content: 'hello' });
    expect(received).toHaveLength(2);
  });

  it('asks for the token before every attempt, so that a new one is used as soon as there is one', async () => {
    const { url, received } = await serve(refuse('broker_unavailable'), accepted);
    let n = 0;
    await clientFor(url, { token: () => Promise.resolve(`token-${++n}`) }).createPost({ content: 'hello' });
    expect(received.map((r) => r.headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  it('stops with the reason of its signal, also while it waits for the next attempt', async () => {
    const controller = new AbortController();
    const stop: Script = (response, request) => {
      refuse('broker_unavailable', { 'retry-after': '4' })(response, request);
      response.on('close', () => controller.abort(new Error('enough')));
    };
    const { url, received } = await serve(stop);
    const call = clientFor(url).createPost({ content: 'hello' }, { signal: controller.signal });
    await expect(call).rejects.toThrow('enough');
    expect(received).toHaveLength(1);
  });
});

describe('following a job', () => {
  it('looks again soon although the service asks for a second, and returns the ended job', async () => {
    const { url, received } = await serve(processing, processing, completed);
    const job = await clientFor(url).followJob('job-1', { deadlineMs: 5_000 });
    expect(job).toEqual(expect.objectContaining({ status: 'completed', consistencyToken: 't' }));
    expect((received[2]?.at ?? 0) - (received[0]?.at ?? 0)).toBeLessThan(500);
  });

  it('returns a failed job as it is: the answer was right, the post was not', async () => {
    const failed = {
      jobId: 'j',
      status: 'failed',
      postId: 'p',
      createdAt: 'x',
      error: { code: 'id_taken', detail: 'd' },
    };
    const { url } = await serve(json(200, failed));
    expect(await clientFor(url).followJob('j', { deadlineMs: 5_000 })).toEqual(failed);
  });

  it('goes on while nobody can tell the outcome', async () => {
    const { url } = await serve(refuse('database_unavailable'), completed);
    const client = clientFor(url, { retry: { deadlineMs: 0 } });
    expect((await client.followJob('job-1', { deadlineMs: 5_000 })).status).toBe('completed');
  });

  it('says at the deadline what is in the way', async () => {
    const { url } = await serve(
      json(200, { jobId: 'j', status: 'processing', postId: 'p', createdAt: 'x', reason: 'no_writer' }),
    );
    const error = await failureOf(clientFor(url).followJob('j', { deadlineMs: 100 }));
    expect(error).toEqual(
      expect.objectContaining({ code: 'job_deadline', retryable: true, outcomeUnknown: true }),
    );
    expect(error.detail).toContain('no_writer');
  });

  it('ends at once when the job is not ours', async () => {
    const { url, received } = await serve(refuse('not_found'));
    const error = await failureOf(clientFor(url).followJob('forged', { deadlineMs: 5_000 }));
    expect(error.status).toBe(404);
    expect(received).toHaveLength(1);
  });
});

describe('reading', () => {
  it('says what answered when it was not Spillway', async () => {
    const { url } = await serve((response) => response.writeHead(404).end('<html>'));
    const error = await failureOf(clientFor(url).getPost('x'));
    expect(error).toEqual(
      expect.objectContaining({ code: 'malformed_answer', status: 404, problem: null, retryable: false }),
    );
    expect(error.requestId).toBeNull();
  });
});
