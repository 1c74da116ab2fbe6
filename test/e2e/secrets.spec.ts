import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Job } from '@spillway/contracts';
import { eventually, mintToken, readReceivedSpans, readStack } from '@spillway/testing';
import { callerOf, freshTenant, type Answer, type Api } from './api.js';
import { takeTurnsWithTheWriters } from './held-writers.js';
import { sendGivenUp, sendUnreadable } from './parked.js';
import { commandsOf, leaksIn, logsOf, metricsOf, spansOf } from './shown-texts.js';
import { secretsOf, type Secrets } from './stack-secrets.js';

const stack = readStack();
const tenant = freshTenant();
const marks = new Map<string, string>();
/** A word that only this run knows, and that must not be seen anywhere. */
function marked(what: string): string {
  const mark = `marked-${what.replaceAll(' ', '-')}-${randomBytes(12).toString('hex')}`;
  marks.set(what, mark);
  return mark;
}

describe('what is secret is in no log, span, metric and command line', () => {
  takeTurnsWithTheWriters();
  let secrets: Secrets;

  beforeAll(async () => {
    const sub = marked('author');
    const api = await callerOf(tenant, sub, ['author', 'operator']);
    await accepted(api);
    await refused(api);
    for (const roles of [['author'], ['reader']]) {
      const token = await mintToken(stack.dir, { tenant, sub, roles });
      marks.set(`token of the ${roles.join()}`, token).set(`its signature`, token.split('.')[2] ?? '');
      await api.send('POST', '/v1/posts', { token, body: JSON.stringify({ content: marked('content') }) });
    }
    await sendUnreadable(marked('unreadable message'));
    await sendGivenUp(tenant, marked('dead letter'));
    await lastTraceReceived(api);
    secrets = new Map([...secretsOf(stack), ...marks]);
  }, 90_000);

  it('where the secrets are known', () => {
    expect(secrets.size).toBeGreaterThan(30);
    expect([...secrets].filter(([, secret]) => secret.length < 20)).toEqual([]);
    const control = Buffer.from(`before ${secrets.get('password of writer') ?? ''} after`);
    expect(leaksIn([['a control', control]], secrets)).toEqual(['password of writer in a control']);
  });

  it('of the logs of every process', () => {
    const logs = logsOf(stack);
    const names = logs.map(([name]) => name);
    expect(names).toEqual(expect.arrayContaining(stack.processes().map(({ name }) => `${name}.log`)));
    expect(leaksIn(logs, secrets)).toEqual([]);
  });

  it('of the spans, with their events and statuses', () => {
    const spans = spansOf(stack);
    expect(spans.some(([, text]) => text.includes(tenant))).toBe(true);
    expect(leaksIn(spans, secrets)).toEqual([]);
  });

  it('of the metrics of every process', async () => {
    const metrics = await metricsOf(stack);
    expect(metrics.filter(([, text]) => text.length === 0).map(([where]) => where)).toEqual([]);
    expect(metrics.some(([, text]) => text.includes('rabbitmq_'))).toBe(true);
    expect(leaksIn(metrics, new Map([...secrets, ['tenant', tenant]]))).toEqual([]);
  });

  it('of the command lines', () => {
    expect(leaksIn(commandsOf(stack), secrets)).toEqual([]);
  });
});

/** Everything that a client may say and that is then stored or sent on. */
async function accepted(api: Api): Promise<void> {
  const post = { content: marked('stored content'), tags: [marked('tag')], channelId: marked('channel') };
  const headers = { 'idempotency-key': marked('idempotency key'), cookie: `access=${marked('cookie')}` };
  const { job } = await api.postAndFollow(post, '/v1/posts', headers);
  marks.set('consistency token', tokenIn(job));
  const path = `/v1/posts/${job.postId}`;
  await api.send('PATCH', path, { body: JSON.stringify({ content: marked('edited content') }) });
  const batch = [{ content: marked('content in a batch') }, { content: '' }];
  await api.send('POST', '/v1/posts/batch', { body: JSON.stringify(batch) });
  await api.send('GET', path, { headers: { 'consistency-token': tokenIn(job) } });
  const query = new URLSearchParams({ channelId: post.channelId, tag: post.tags[0] ?? '' });
  for (const read of [`/v1/posts?${query.toString()}`, `/v1/search?q=${marked('words searched')}`])
    expect((await api.send('GET', read)).status).toBe(200);
}

/** Everything that is answered with an error, whose words might be logged. */
async function refused(api: Api): Promise<void> {
  const post = (body: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
    api.send('POST', '/v1/posts', { body, headers });
  const answers = [
    await post(`{"content": ${marked('broken json')}`),
    await post(JSON.stringify({ content: marked('content too long').repeat(500) })),
    await post(JSON.stringify({ [marked('field')]: 1 })),
    await api.send('GET', '/v1/posts?limit=10', { token: marked('token that is none of ours padded') }),
    await api.send('GET', `/v1/posts?cursor=${marked('cursor')}`),
    await api.send('POST', `/v1/dead-letters/${crypto.randomUUID()}/replay`, {
      body: JSON.stringify({ why: marked('reason'), more: 1 }),
    }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 401, 400, 400]);
}

/** What was sent before has been exported with it. */
async function lastTraceReceived(api: Api): Promise<void> {
  const { job } = await api.postAndFollow({ content: marked('last content') });
  const { traceId = '' } = job;
  await eventually(
    'the receiver has the last post',
    async () => (await readReceivedSpans(stack.dir, traceId)).some(({ name }) => name === 'post.persist'),
    { deadlineMs: 30_000, everyMs: 500 },
  );
}

function tokenIn(job: Job): string {
  if (job.status === 'completed' && job.consistencyToken !== undefined) return job.consistencyToken;
  throw new Error(`the job did not complete: ${job.status}`);
}
