import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { uuidV7 } from '@spillway/contracts';
import { eventually, notYet, readReceivedTraces, type ReceivedSpan } from '@spillway/testing';
import { Components } from '../faults/components.js';
import { callerOf, freshTenant, tokenOf, type Api } from './api.js';
import { takeTurnsWithTheWriters } from './held-writers.js';
import { startOwn, type OwnProcess } from './own-process.js';
import { CALLER_SPAN, deadLetter, inParallel, TracedPosts, type TracedRequest } from './traced-posts.js';
import {
  BATCH_RULES,
  batchTracesOf,
  faultsOf,
  INSERT_RULE,
  linkFaultsOf,
  outcomesOf,
  READ_RULES,
  WRITE_RULES,
  type Traces,
} from './trace-rules.js';

const CONTENT = 'words nobody may see';
const DOOMED = 'doomed-and-brought-back';
const SINGLES = 200;
const BATCHES = 4;
const BATCH_SIZE = 20;
const RETRIED = 10;
const EDITED_TOO_SOON = 9;
/** Of 300 posts; edits and deletions come on top. */
const CREATED = SINGLES + BATCHES * BATCH_SIZE + RETRIED + EDITED_TOO_SOON + 1;
const AT_ONCE = 16;
const SETTLED: readonly string[] = ['committed', 'duplicate', 'superseded'];
const MINUTE_MS = 60_000;

const numbered = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
const shown = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner));

describe('the traces of 300 posts', () => {
  takeTurnsWithTheWriters();
  let api: Api;
  let posts: TracedPosts;
  let components: Components;
  beforeAll(async () => {
    api = await callerOf(freshTenant(), 'alice', ['author', 'operator']);
    posts = new TracedPosts(api);
    components = new Components(api.stack);
  });

  const writers = (): string[] => api.stack.ofRole('writer').map(({ name }) => name);
  const tracesOf = (ids: readonly string[]): Promise<Traces> =>
    readReceivedTraces(api.stack.dir, new Set(ids));
  /** All traces, once the end of every command is in them. */
  const received = (
    requests: readonly TracedRequest[],
    isEnd: (outcome: string) => boolean,
  ): Promise<Traces> =>
    eventually(
      'the receiver has the end of every post',
      async () => {
        const traces = await tracesOf(requests.map(({ traceId }) => traceId));
        const open = requests.filter(
          ({ traceId, commands }) => outcomesOf(traces.get(traceId)).filter(isEnd).length < commands,
        );
        return open.length === 0
          ? traces
          : notYet(open.map(({ traceId }) => [traceId, outcomesOf(traces.get(traceId))]));
      },
      { deadlineMs: MINUTE_MS, everyMs: 500 },
    );

  /** Everything that must be in a trace happens here, the stop of the writers with SIGTERM in the middle of it. */
  async function sendAll(): Promise<void> {
    await inParallel(numbered(SINGLES / 2), AT_ONCE, () => posts.create(CONTENT));
    const stopping = Promise.all(writers().map((name) => components.supervisor('stop', name)));
    await inParallel(numbered(SINGLES / 2), AT_ONCE, () => posts.create(CONTENT));
    await stopping;
    await posts.batch([DOOMED]);
    await deadLetter(api.stack.urlOf('rabbitmq'), DOOMED);
    await inParallel(numbered(BATCHES), BATCHES, () => posts.batch(numbered(BATCH_SIZE).map(() => CONTENT)));
    const ids = numbered(RETRIED).map(() => uuidV7());
    await inParallel([...ids, ...ids], AT_ONCE, (id) => posts.put(id, CONTENT));
    await Promise.all(writers().map((name) => components.supervisor('start', name)));
    await components.allReady();
    await posts.replay();
    const tooSoon = numbered(EDITED_TOO_SOON).map(() => uuidV7());
    const edits = await Promise.all(tooSoon.map((id) => posts.edit(id, CONTENT)));
    await received(edits, () => true);
    await inParallel(tooSoon, AT_ONCE, (id) => posts.put(id, CONTENT));
    await inParallel(ids.slice(0, 5), AT_ONCE, (id) => posts.edit(id, CONTENT));
    await inParallel(ids.slice(5), AT_ONCE, (id) => posts.remove(id));
  }

  it(
    'are connected, complete and linked with their batches both ways, through a stop of the writers',
    async () => {
      await sendAll();
      const created = posts.accepted.filter(({ method }) => method === 'POST' || method === 'PUT');
      expect(created.reduce((sum, { commands }) => sum + commands, 0)).toBe(CREATED + RETRIED);
      const traces = await received(posts.accepted, (outcome) => SETTLED.includes(outcome));
      const all = [...traces.values()].flat();
      const batches = await tracesOf(batchTracesOf(all));
      const faults = posts.accepted.flatMap(({ traceId }) => {
        const spans = traces.get(traceId) ?? [];
        return [...faultsOf(spans, WRITE_RULES, CALLER_SPAN), ...linkFaultsOf(spans, batches)];
      });
      expect(faults).toEqual([]);
      for (const { traceId, jobIds } of posts.accepted) {
        const { name, attributes } = serverOf(traces.get(traceId) ?? []);
        if (!name.endsWith('/batch')) expect(attributes['app.job_id']).toBe(jobIds[0]);
      }
      const { traceId, jobIds } = posts.accepted[0] ?? {};
      expect((await api.followJob(jobIds?.[0] ?? '')).traceId).toBe(traceId);
      const rules = (spans: readonly ReceivedSpan[]) =>
        spans.some(({ name }) => INSERT_RULE.name.test(name)) ? [...BATCH_RULES, INSERT_RULE] : BATCH_RULES;
      expect([...batches.values()].flatMap((spans) => faultsOf(spans, rules(spans), CALLER_SPAN))).toEqual(
        [],
      );
      const inserted = [...batches.values()].flat().filter(({ name }) => INSERT_RULE.name.test(name));
      const rows = inserted.reduce((sum, { attributes }) => sum + Number(attributes['app.rows']), 0);
      expect(rows).toBeGreaterThanOrEqual(CREATED);
      const outcomes = new Set(posts.accepted.map(({ traceId }) => outcomesOf(traces.get(traceId)).join()));
      for (const life of [/^committed$/, /^(early,)+committed$/, /^parked,committed$/, /duplicate/])
        expect([...outcomes].filter((each) => life.test(each))).not.toEqual([]);
      for (const text of [CONTENT, DOOMED]) expect(shown([all, [...batches]])).not.toContain(text);
    },
    3 * MINUTE_MS,
  );

  it(
    'go on with reads, which say who served them',
    async () => {
      const { job } = await api.postAndFollow({ content: CONTENT });
      const read = async (path: string): Promise<readonly ReceivedSpan[]> => {
        const traceId = crypto.randomUUID().replaceAll('-', '');
        const answer = await api.send('GET', path, {
          headers: { traceparent: `00-${traceId}-${CALLER_SPAN}-01`, 'consistency-token': tokenOf(job) },
        });
        expect(answer.status).toBe(200);
        const spans = await eventually(
          'the read was received',
          async () => (await tracesOf([traceId])).get(traceId),
          {
            deadlineMs: MINUTE_MS,
            everyMs: 250,
          },
        );
        expect(faultsOf(spans, READ_RULES, CALLER_SPAN)).toEqual([]);
        expect(answer.headers.get('served-by')).toBe(serverOf(spans).attributes['app.served_by']);
        return spans;
      };
      const one = await read(`/v1/posts/${job.postId}`);
      expect(serverOf(one).attributes['app.replica_lag_ms']).toEqual(expect.any(Number));
      const select = one.find(({ name }) => name === 'SELECT posts');
      expect(select).toMatchObject({ kind: 'CLIENT', parentSpanId: serverOf(one).spanId });
      expect(select?.attributes['app.rows']).toBe(1);
      const first = await read('/v1/posts?limit=10');
      expect(first.filter(({ kind }) => kind === 'CLIENT').map(({ name }) => name)).toContain('SELECT posts');
      expect(first.some(({ attributes }) => attributes['db.system.name'] === 'redis')).toBe(true);
      await eventually(
        'a page comes from the cache',
        async () => serverOf(await read('/v1/posts?limit=10')).attributes['app.served_by'] === 'cache',
        { deadlineMs: MINUTE_MS, everyMs: 250 },
      );
    },
    2 * MINUTE_MS,
  );

  describe('in a process that keeps a hundredth', () => {
    let own: OwnProcess | undefined;
    afterEach(() => own?.stop());

    it(
      'are kept by their id alone: the flag of a client switches nothing on, and nothing off',
      async () => {
        own = await startOwn(api.stack, 'reader', { OTEL_TRACES_SAMPLER_ARG: '0.01' });
        const ids = numbered(50).map((n) => ({
          sampled:
            crypto.randomUUID().replaceAll('-', '').slice(0, 16) + `ffff${String(n).padStart(12, '0')}`,
          kept: crypto.randomUUID().replaceAll('-', '').slice(0, 16) + `0000${String(n).padStart(12, '0')}`,
        }));
        for (const { sampled, kept } of ids)
          for (const [traceId, flags] of [
            [sampled, '01'],
            [kept, '00'],
          ] as const)
            await fetch(`${own.baseUrl}/v1/nothing`, {
              headers: { traceparent: `00-${traceId}-${CALLER_SPAN}-${flags}` },
            });
        const asked = ids.flatMap(({ sampled, kept }) => [sampled, kept]);
        const traces = await eventually(
          'the kept ones were received',
          async () => {
            const now = await tracesOf(asked);
            return ids.every(({ kept }) => now.has(kept)) ? now : notYet(now.size);
          },
          { deadlineMs: MINUTE_MS, everyMs: 250 },
        );
        expect([...traces.keys()].sort()).toEqual(ids.map(({ kept }) => kept).sort());
      },
      2 * MINUTE_MS,
    );
  });
});

function serverOf(spans: readonly ReceivedSpan[]): ReceivedSpan {
  const server = spans.find(({ kind }) => kind === 'SERVER');
  if (!server) throw new Error(`no SERVER span among ${spans.map(({ name }) => name).join(', ')}`);
  return server;
}
