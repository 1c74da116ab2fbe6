import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { CacheConnection, Results, WriterBeats, type ResultEntry } from '@spillway/cache';
import { uuidV7, type Job } from '@spillway/contracts';
import { issueTicket, readConsistencyToken } from '@spillway/contracts/server';
import { migrate } from '@spillway/database';
import { STRONG } from '@spillway/database/read';
import { ProblemError } from '@spillway/http';
import { eventually, quietLogger, readStack } from '@spillway/testing';
import {
  insertPosts,
  nothing,
  openReaderFixture,
  type ReaderFixture,
  type Row,
} from '../spec/reader-fixture.js';
import { JobReader } from './job-reader.js';

const DAY_MS = 24 * 3600_000;

describe('a job is derived', () => {
  let fixture: ReaderFixture;
  let cache: CacheConnection;
  let results: Results;
  let beats: WriterBeats;
  let tenant: string;

  beforeAll(async () => {
    fixture = await openReaderFixture({ migrate });
    cache = CacheConnection.open({ url: readStack().urlOf('redis'), name: 'a spec', logger: quietLogger });
    await eventually('redis answers', async () => (await cache.call((redis) => redis.ping())).ok);
    results = new Results(cache);
    beats = new WriterBeats(cache);
  });
  afterAll(async () => {
    await cache.close();
    await fixture.close();
  });
  beforeEach(async () => {
    tenant = await fixture.freshTenant();
  });
  afterEach(() => fixture.proxy.pass());

  const store = (...rows: Row[]): Promise<string[]> => fixture.store(tenant, ...rows);
  const put = (entries: readonly ResultEntry[]) =>
    results.put({ shard: fixture.shard, entries, changed: new Set() });
  const outcome = async (
    commandId: string,
    what: string,
    code: string | null,
    detail: string | null,
    postId = commandId,
  ) => {
    await fixture.database.query(
      `INSERT INTO command_outcomes (tenant_id, command_id, outcome, code, detail, post_id)
       VALUES ($1, $2, $3, $4, $5, $6)`,
      [tenant, commandId, what, code, detail, postId],
    );
    await fixture.replayed();
  };
  const now = Date.now();
  const jobs = (): JobReader => new JobReader({ reads: fixture.reads, results, beats, keys: fixture.keys });
  const ticketOf = (id: string, commandId = id, of = tenant): string =>
    issueTicket(fixture.keys.ticket, of, { kind: 'create', issuedAt: now, commandId, postId: id });
  const jobOf = (id: string, commandId = id): Promise<Job | null> =>
    jobs().read(tenant, ticketOf(id, commandId), Date.now());
  const primaryAway = async (): Promise<void> => {
    await fixture.proxy.refuse();
    fixture.proxy.reset();
    await eventually('the primary is missed', async () => {
      try {
        await fixture.reads.read(tenant, STRONG, nothing);
        return false;
      } catch {
        return true;
      }
    });
  };

  it('from a recent result first, without any database', async () => {
    const [done, failed] = [uuidV7(), uuidV7()];
    const position = { shard: fixture.shard, timeline: 1, lsn: '0000000000000001' };
    await put([
      {
        tenantId: tenant,
        commandId: done,
        result: { ended: 'completed', at: now, position, traceId: 'abc' },
      },
      {
        tenantId: tenant,
        commandId: failed,
        result: { ended: 'failed', at: now, code: 'id_taken', detail: 'No.' },
      },
    ]);
    const job = await jobOf(done);
    expect(job).toEqual({
      jobId: ticketOf(done),
      status: 'completed',
      postId: done,
      createdAt: new Date(now).toISOString(),
      completedAt: new Date(now).toISOString(),
      consistencyToken: expect.any(String),
      traceId: 'abc',
    });
    expect(readConsistencyToken(fixture.keys.consistency, job?.consistencyToken ?? '', Date.now())).toEqual(
      position,
    );
    expect(await jobOf(failed)).toMatchObject({
      status: 'failed',
      error: { code: 'id_taken', detail: 'No.' },
    });
  });

  it('from the row that its command made, on a replica, while the primary is away', async () => {
    const [id = ''] = await store({});
    await primaryAway();
    const job = await jobOf(id);
    expect(job).toMatchObject({ status: 'completed', postId: id });
    expect(
      readConsistencyToken(fixture.keys.consistency, job?.consistencyToken ?? '', Date.now()),
    ).toMatchObject({
      shard: fixture.shard,
      timeline: 1,
    });
  });

  it('from the primary, when a replica does not know it yet', async () => {
    await whileReplayIsPaused(async () => {
      const [id = ''] = await insertPosts(fixture.database, tenant, [{}]);
      expect(await jobOf(id)).toMatchObject({ status: 'completed' });
    });
  });

  it('whose post was deleted since: it was completed', async () => {
    const [id = ''] = await store({ deleted: true });
    expect(await jobOf(id)).toMatchObject({ status: 'completed' });
  });

  it('whose id was taken by another command: the row says nothing of this one', async () => {
    const [id = ''] = await store({ commandId: randomUUID() });
    expect(await jobOf(id, randomUUID())).toMatchObject({ status: 'processing' });
  });

  it.each([
    ['rejected', 'id_taken', 'Taken.', { status: 'failed', error: { code: 'id_taken', detail: 'Taken.' } }],
    ['rejected', 'code of a newer writer', null, { status: 'failed', error: { code: 'invalid_command' } }],
    ['discarded', null, null, { status: 'failed', error: { code: 'discarded' } }],
    ['parked', null, 'newer_command', { status: 'processing', reason: 'parked' }],
    ['completed', null, null, { status: 'completed' }],
    ['superseded', null, null, { status: 'completed', superseded: true }],
    ['alias', null, null, { status: 'completed' }],
  ])('whose outcome is %s (%s)', async (what, code, detail, expected) => {
    const id = uuidV7();
    await outcome(id, what, code, detail);
    expect(await jobOf(id)).toMatchObject(expected);
  });

  it('of an edit or a deletion from its outcome alone: the row of its post says nothing of it', async () => {
    for (const kind of ['edit', 'delete'] as const) {
      const commandId = uuidV7();
      const [postId = ''] = await store({ commandId });
      const jobId = issueTicket(fixture.keys.ticket, tenant, { kind, issuedAt: now, commandId, postId });
      const read = (): Promise<Job | null> => jobs().read(tenant, jobId, Date.now());
      expect(await read()).toMatchObject({ status: 'processing', postId });
      await outcome(commandId, 'superseded', null, null, postId);
      expect(await read()).toMatchObject({ status: 'completed', postId, superseded: true });
    }
  });

  it('of a repeated request as completed, with the post of the first one, from Redis and without', async () => {
    const [first = ''] = await store({});
    const [repeated, recent] = [uuidV7(), uuidV7()];
    await outcome(repeated, 'alias', null, null, first);
    const position = { shard: fixture.shard, timeline: 1, lsn: '0000000000000001' };
    const result = { ended: 'completed', at: now, position, postId: first } as const;
    await put([{ tenantId: tenant, commandId: recent, result }]);
    for (const id of [repeated, recent]) {
      const job = await jobOf(id);
      expect(job).toMatchObject({ status: 'completed', postId: first, jobId: ticketOf(id) });
      expect(job).not.toHaveProperty('superseded');
      expect(job?.consistencyToken).toBeDefined();
    }
  });

  it('from a recent result that was superseded', async () => {
    const id = uuidV7();
    const position = { shard: fixture.shard, timeline: 1, lsn: '0000000000000001' };
    const result = { ended: 'completed', at: now, position, superseded: true } as const;
    await put([{ tenantId: tenant, commandId: id, result }]);
    expect(await jobOf(id)).toMatchObject({ status: 'completed', postId: id, superseded: true });
  });

  it('by its row, when it was parked or discarded before it was carried out after all', async () => {
    for (const what of ['parked', 'discarded']) {
      const [id = ''] = await store({});
      await outcome(id, what, null, null);
      expect(await jobOf(id)).toMatchObject({ status: 'completed' });
    }
  });

  it('as processing, when the primary knows nothing, and says when nobody writes', async () => {
    const id = uuidV7();
    expect(await jobOf(id)).toMatchObject({ status: 'processing', reason: 'no_writer' });
    const stop = beats.keepBeating([fixture.shard], () => true);
    try {
      const job = await eventually('a writer is heard of', async () => {
        const seen = await jobOf(id);
        return seen?.reason === undefined ? seen : null;
      });
      expect(job).toEqual({
        jobId: ticketOf(id),
        status: 'processing',
        postId: id,
        createdAt: new Date(now).toISOString(),
      });
    } finally {
      stop();
    }
  });

  it('never as processing while the primary cannot be asked: 503', async () => {
    await primaryAway();
    const failure = await jobOf(uuidV7()).then(
      () => null,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(ProblemError);
    expect(failure).toMatchObject({ code: 'database_unavailable', retryAfterSeconds: 1 });
  });

  it('that failed for good, while the primary is away: its outcome is known', async () => {
    const id = uuidV7();
    await outcome(id, 'rejected', 'id_taken', 'Taken.');
    await primaryAway();
    expect(await jobOf(id)).toMatchObject({ status: 'failed', error: { code: 'id_taken' } });
  });

  it('not from a replica when an operator may have changed it since', async () => {
    const id = uuidV7();
    await outcome(id, 'discarded', 'discarded', 'An operator discarded the command');
    await primaryAway();
    await expect(jobOf(id)).rejects.toMatchObject({ code: 'database_unavailable' });
  });

  it('for nobody else: a forged, foreign or old ticket is no job', async () => {
    const [id = ''] = await store({});
    expect(
      await jobs().read(tenant, `${ticketOf(id).slice(0, -1)}${ticketOf(id).endsWith('A') ? 'B' : 'A'}`, now),
    ).toBeNull();
    expect(await jobs().read(`${tenant}-other`, ticketOf(id), now)).toBeNull();
    expect(await jobs().read(tenant, ticketOf(id), now + 8 * DAY_MS)).toBeNull();
    expect(await jobs().read(tenant, 'x', now)).toBeNull();
  });
});

/** Other specs pause the same replica: one at a time, or one would resume under another. */
async function whileReplayIsPaused(fn: () => Promise<void>): Promise<void> {
  const stack = readStack();
  const open = async (node: string): Promise<Client> => {
    const client = new Client({ connectionString: stack.urlOf(node) });
    await client.connect();
    return client;
  };
  const [primary, replica] = [await open('postgres-primary'), await open('postgres-replica-1')];
  await primary.query(`SELECT pg_advisory_lock(hashtext('spec.replay'))`);
  try {
    await replica.query('SELECT pg_wal_replay_pause()');
    await fn();
  } finally {
    await replica.query('SELECT pg_wal_replay_resume()');
    await Promise.all([primary.end(), replica.end()]);
  }
}
