import { afterEach, describe, expect, it } from '@jest/globals';
import { problem, type ErrorCode, type Job } from '@spillway/contracts';
import { startScriptedServer, type Script, type ScriptedServer } from '@spillway/testing';
import { ConsistencyTokens, SpillwayClient, type SpillwayClientOptions } from './index.js';

const open: ScriptedServer[] = [];
afterEach(() => open.splice(0).forEach((server) => server.close()));

async function serve(...scripts: Script[]): Promise<ScriptedServer> {
  const server = await startScriptedServer(...scripts);
  open.push(server);
  return server;
}
const clientFor = ({ url }: ScriptedServer, own: Partial<SpillwayClientOptions> = {}): SpillwayClient =>
  new SpillwayClient({ baseUrl: url, token: 'secret', retry: { deadlineMs: 0 }, ...own });

const TOKEN = `c1.a.s0.1.${'0'.repeat(15)}9.0.${'x'.repeat(22)}`;
const base = { jobId: 'j', postId: 'p', createdAt: 'x' };
const processing: Job = { ...base, status: 'processing' };
const completed: Job = { ...base, status: 'completed', consistencyToken: TOKEN };
const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Script =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
const refuse = (code: ErrorCode): Script => json(problem(code, 'no', 'r').status, problem(code, 'no', 'r'));
const event = (job: Job): string => `id: ${job.status}\nevent: job\ndata: ${JSON.stringify(job)}\n\n`;
const events =
  (...parts: string[]): Script =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    for (const part of parts) response.write(part);
    response.end();
  };
const broken: Script = (response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).write(`retry: 1\n\n${event(processing)}`);
  response.socket?.end();
};
const pathsOf = ({ received }: ScriptedServer): string[] => received.map(({ path }) => path);

describe('following by waiting', () => {
  it('lets the service hold the request, and asks again at once while the job goes on', async () => {
    const held = json(200, processing, { 'preference-applied': 'wait=4', 'retry-after': '1' });
    const server = await serve(held, held, held, json(200, completed));
    const startedAt = Date.now();
    expect(await clientFor(server).followJob('j', { deadlineMs: 5_000 })).toEqual(completed);
    expect(Date.now() - startedAt).toBeLessThan(900);
    expect(server.received[0]?.headers['prefer']).toMatch(/^wait=[45]$/);
  });

  it('looks in growing pauses where the service does not wait', async () => {
    const server = await serve(json(200, processing), json(200, processing), json(200, completed));
    await clientFor(server).followJob('j', { deadlineMs: 5_000 });
    expect(server.received.map(({ headers }) => headers['prefer'])).toEqual(['wait=5', undefined, undefined]);
  });

  it('does not ask for it when it is to poll, and never beyond the deadline', async () => {
    const server = await serve(json(200, processing), json(200, completed));
    await clientFor(server).followJob('j', { deadlineMs: 5_000, by: 'poll' });
    expect(server.received.map(({ headers }) => headers['prefer'])).toEqual([undefined, undefined]);
    const short = await serve(json(200, completed));
    await clientFor(short).followJob('j', { deadlineMs: 900 });
    expect(short.received[0]?.headers['prefer']).toBeUndefined();
  });
});

describe('following by stream', () => {
  const stream = (server: ScriptedServer, own: Partial<SpillwayClientOptions> = {}): Promise<Job> =>
    clientFor(server, own).followJob('j', { deadlineMs: 5_000, by: 'stream' });

  it('ends with the event that ends the job', async () => {
    const server = await serve(events('retry: 1000\n\n', event(processing), ': quiet\n\n', event(completed)));
    expect(await stream(server)).toEqual(completed);
    expect(pathsOf(server)).toEqual(['/v1/jobs/j/events']);
    expect(server.received[0]?.headers).toMatchObject({
      accept: 'text/event-stream',
      authorization: 'Bearer secret',
    });
  });

  it('goes on behind the last event when the connection breaks', async () => {
    const server = await serve(broken, events(event(completed)));
    expect(await stream(server)).toEqual(completed);
    expect(server.received.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, 'processing']);
  });

  it.each([
    ['there is no such address', refuse('not_found')],
    ['there is no room for it', refuse('database_unavailable')],
    ['something else answers', json(200, processing)],
    ['nothing more is to come', ((response) => void response.writeHead(204).end()) satisfies Script],
  ])('falls back to waiting when %s', async (_case, script) => {
    const server = await serve(script, json(200, completed));
    expect(await stream(server)).toEqual(completed);
    expect(pathsOf(server)).toEqual(['/v1/jobs/j/events', '/v1/jobs/j']);
  });

  it('falls back when no event comes through', async () => {
    const empty = events('retry: 1\n\n');
    const server = await serve(empty, empty, empty, json(200, completed));
    expect(await stream(server)).toEqual(completed);
    expect(pathsOf(server).at(-1)).toBe('/v1/jobs/j');
  });

  it('fails at once when the token is not accepted', async () => {
    const server = await serve(refuse('unauthenticated'));
    await expect(stream(server)).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(server.received).toHaveLength(1);
  });

  it('ends at its deadline and at its signal while the stream is silent', async () => {
    const silent: Script = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': hello\n\n');
    };
    const server = await serve(silent, json(200, processing));
    const late = clientFor(server).followJob('j', { deadlineMs: 150, by: 'stream' });
    await expect(late).rejects.toMatchObject({ code: 'job_deadline' });
    const controller = new AbortController();
    const another = await serve((response, request) => {
      silent(response, request);
      setImmediate(() => controller.abort(new Error('enough')));
    });
    const { signal } = controller;
    await expect(
      clientFor(another).followJob('j', { deadlineMs: 5_000, by: 'stream', signal }),
    ).rejects.toThrow('enough');
  });
});

describe('consistency tokens that the client keeps', () => {
  it('are learnt from jobs and sent with reads that have none of their own', async () => {
    const tokens = new ConsistencyTokens();
    const server = await serve(json(200, {}), json(200, completed), json(200, {}));
    const client = clientFor(server, { tokens });
    await client.getPost('p');
    await client.followJob('j', { deadlineMs: 5_000 });
    await client.getPost('p');
    await client.getPost('p', { consistencyToken: 'own' });
    expect(server.received.map(({ headers }) => headers['consistency-token'])).toEqual([
      undefined,
      undefined,
      TOKEN,
      'own',
    ]);
  });
});
