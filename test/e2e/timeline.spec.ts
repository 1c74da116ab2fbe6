import { beforeAll, describe, expect, it } from '@jest/globals';
import type { DeadLetterPage, Job, JobTimeline } from '@spillway/contracts';
import { uuidV7 } from '@spillway/contracts';
import { eventually, notYet } from '@spillway/testing';
import { callerOf, freshTenant, problemOf, type Api } from './api.js';
import { takeTurnsWithTheWriters, whileWritersStand } from './held-writers.js';
import { commandOf, sendCommand, sendGivenUp } from './parked.js';

interface Otlp {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly traceId: string;
        readonly spanId: string;
        readonly parentSpanId?: string;
        readonly name: string;
        readonly startTimeUnixNano: string;
        readonly endTimeUnixNano: string;
      }[];
    }[];
  }[];
}

describe('the timeline of a job', () => {
  takeTurnsWithTheWriters();
  const tenant = freshTenant();
  let author: Api;
  let operator: Api;
  beforeAll(async () => {
    author = await callerOf(tenant);
    operator = await callerOf(tenant, 'olga', ['operator']);
  });
  const timelineOf = async (jobId: string): Promise<JobTimeline> => {
    const answer = await operator.send('GET', `/v1/jobs/${jobId}/timeline`);
    if (answer.status !== 200) throw new Error(answer.text);
    return answer.json<JobTimeline>();
  };
  /** Once the facts that are noted behind the commit are there too. */
  const whole = (jobId: string): Promise<JobTimeline> =>
    eventually(
      'a replica is noted to have it',
      async () => {
        const timeline = await timelineOf(jobId);
        return timeline.visible.length > 0 ? timeline : notYet(timeline);
      },
      { deadlineMs: 15_000, everyMs: 250 },
    );
  const jobIdOf = async (method: string, path: string, body?: object): Promise<string> => {
    const answer = await author.send(method, path, body ? { body: JSON.stringify(body) } : {});
    if (answer.status !== 202) throw new Error(answer.text);
    return answer.json<{ jobId: string }>().jobId;
  };

  it('of a post tells times in their order, the batch, its position, and replicas', async () => {
    const { accepted, job } = await author.postAndFollow({ content: 'hello' });
    const timeline = await whole(accepted.jobId);
    expect(timeline).toMatchObject({
      kind: 'create',
      outcome: 'completed',
      error: null,
      postId: job.postId,
      traceId: job.traceId,
      gateway: null,
      deadLetters: [],
      changes: [],
      batch: { writer: expect.stringMatching(/^writer-\d+$/), lane: 'write', attempt: 1, held: null },
    });
    const { batch, visible, queueWaitMs } = timeline;
    const times = [
      timeline.acceptedAt,
      batch?.startedAt,
      batch?.appliedAt,
      batch?.committedAt,
      ...visible.map(({ by }) => by),
    ];
    expect(times).toEqual([...times].sort());
    expect(timeline.endedAt).toBe(batch?.committedAt);
    expect(queueWaitMs).toBe(Date.parse(batch?.startedAt ?? '') - Date.parse(timeline.acceptedAt));
    expect(batch?.position).toMatchObject({ shard: 's0', lsn: expect.stringMatching(/^[0-9a-f]{16}$/) });
    expect(visible[0]?.replica).toBe('replica-1');
  }, 40_000);

  it('of a post that was edited and deleted names the last changes, and each edit has its own', async () => {
    const { accepted, job } = await author.postAndFollow({ content: 'one', tags: ['a'] });
    const edit = await jobIdOf('PATCH', `/v1/posts/${job.postId}`, { content: 'two' });
    await author.followJob(edit);
    const deletion = await jobIdOf('DELETE', `/v1/posts/${job.postId}`);
    await author.followJob(deletion);
    const [edited, deleted] = [await whole(edit), await whole(deletion)];
    expect(edited).toMatchObject({ kind: 'edit', outcome: 'completed', batch: { attempt: 1 } });
    const { batch, changes } = await whole(accepted.jobId);
    expect(batch?.id).not.toBe(edited.batch?.id);
    expect(batch?.committedAt && batch.committedAt <= (edited.batch?.startedAt ?? '')).toBe(true);
    expect(changes).toContainEqual({
      field: 'deleted',
      commandId: deleted.commandId,
      at: expect.any(String),
    });
  }, 60_000);

  it('of a repeated request is a duplicate, and of a taken id a failure', async () => {
    const key = { keyHash: 'a1'.repeat(32), bodyHash: 'b2'.repeat(32) };
    const [first, again] = [commandOf(tenant), commandOf(tenant)];
    for (const { command, jobId } of [first, again]) {
      await sendCommand({ ...command, idempotency: key });
      await author.followJob(jobId);
    }
    expect(await whole(again.jobId)).toMatchObject({ outcome: 'duplicate', error: null });
    const taken = await jobIdOf('PUT', `/v1/posts/${first.command.postId}`, { content: 'mine' });
    await author.followJob(taken);
    expect(await whole(taken)).toMatchObject({ outcome: 'failed', error: { code: 'id_taken' } });
  }, 60_000);

  it('of a parked and replayed one says who did it and why, and how long it waited', async () => {
    const { jobId } = await sendGivenUp(tenant);
    const letter = await eventually('it is parked', async () => {
      const { items } = (await operator.send('GET', '/v1/dead-letters')).json<DeadLetterPage>();
      return items[0] ?? notYet(items);
    });
    const parked = await timelineOf(jobId);
    expect(parked).toMatchObject({ outcome: 'parked', endedAt: null, batch: null, visible: [] });
    expect(parked.waits).toContainEqual({ for: 'parked', from: letter.createdAt, until: null });
    const body = JSON.stringify({ why: 'mended' });
    await operator.send('POST', `/v1/dead-letters/${letter.id}/replay`, { body });
    await author.followJob(jobId);
    const { outcome, deadLetters, waits, batch } = await whole(jobId);
    expect(outcome).toBe('completed');
    expect(deadLetters).toMatchObject([
      { id: letter.id, state: 'replayed', actions: [{ action: 'replay', who: 'olga', why: 'mended' }] },
    ]);
    const wait = waits.find((each) => each.for === 'parked');
    expect(wait?.until && wait.until <= (batch?.startedAt ?? '')).toBe(true);
  }, 60_000);

  it('says that there was no writer, while it waits and afterwards', async () => {
    const { stack } = author;
    const jobId = await whileWritersStand(stack, async () => {
      const waiting = await jobIdOf('POST', '/v1/posts', { content: 'nobody there' });
      await eventually(
        'the absence is seen',
        async () => {
          const { outcome, waits } = await timelineOf(waiting);
          return (
            (outcome === 'processing' && waits.some((wait) => wait.for === 'no_writer')) || notYet(waits)
          );
        },
        { deadlineMs: 20_000, everyMs: 250 },
      );
      return waiting;
    });
    await author.followJob(jobId);
    expect((await whole(jobId)).queueWaitMs).toBeGreaterThan(4_000);
  }, 60_000);

  it('is also OTLP JSON: one trace, one root, no orphans, no span that ends before it begins', async () => {
    const { accepted, job } = await author.postAndFollow({ content: 'traced' });
    await whole(accepted.jobId);
    const answer = await operator.send('GET', `/v1/jobs/${accepted.jobId}/timeline?format=otlp`);
    const spans = answer
      .json<Otlp>()
      .resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((s) => s.spans));
    expect(spans.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['job create', 'batch', 'visible on replica-1']),
    );
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([job.traceId]));
    const ids = new Set(spans.map(({ spanId }) => spanId));
    expect(ids.size).toBe(spans.length);
    expect(spans.filter(({ parentSpanId }) => parentSpanId === undefined)).toHaveLength(1);
    for (const { parentSpanId, startTimeUnixNano, endTimeUnixNano, spanId } of spans) {
      expect(parentSpanId === undefined || ids.has(parentSpanId)).toBe(true);
      expect(spanId).toMatch(/^[0-9a-f]{16}$/);
      expect(BigInt(endTimeUnixNano) >= BigInt(startTimeUnixNano)).toBe(true);
    }
  }, 40_000);

  it('is for operators of the tenant: 403 without the role, 404 for others and for what is no job', async () => {
    const { accepted } = await author.postAndFollow({ content: 'ours' });
    const path = `/v1/jobs/${accepted.jobId}/timeline`;
    expect((await author.send('GET', path)).status).toBe(403);
    const stranger = await callerOf(freshTenant(), 'olga', ['operator']);
    expect((await stranger.send('GET', path)).status).toBe(404);
    expect((await operator.send('GET', `/v1/jobs/${uuidV7()}/timeline`)).status).toBe(404);
    const refused = await operator.send('GET', `${path}?format=xml`);
    expect([refused.status, problemOf(refused).code]).toEqual([400, 'invalid_request']);
    expect((await operator.send('GET', `/v1/jobs/${accepted.jobId}`)).json<Job>().status).toBe('completed');
  });
});
