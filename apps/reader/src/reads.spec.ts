import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { CacheConnection, Results, WriterBeats, type ResultEntry } from '@spillway/cache';
import { uuidV7, type Job } from '@spillway/contracts';
import {
  issueTicket,
  presentPost,
  readConsistencyToken,
  ShardDirectory,
  SigningKeys,
} from '@spillway/contracts/server';
import { migrate } from '@spillway/database';
import { EVENTUAL, ReadRouter, STRONG, type PostEntity } from '@spillway/database/read';
import { ProblemError } from '@spillway/http';
import type { Logger } from '@spillway/telemetry';
import { eventually, notYet, readStack, startTcpProxy, watchLeaks } from '@spillway/testing';
import type { LeakCheck, TcpProxy } from '@spillway/testing';
import { JobReader } from './jobs/job-reader.js';
import { findPosts, type PostFilter } from './posts/find-posts.js';
import { TenantReads } from './tenant-reads.js';

const database = `spec_reader_${randomBytes(4).toString('hex')}`;
const SHARD = `spec-${randomBytes(4).toString('hex')}`;
const DAY_MS = 24 * 3600_000;
const quiet: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => quiet,
};
const keyText = `a:${randomBytes(32).toString('base64')}`;
const keys = {
  ticket: SigningKeys.parse(keyText, 'ticket'),
  consistency: SigningKeys.parse(keyText, 'consistency'),
};

interface Row {
  readonly tenant?: string;
  readonly id?: string;
  readonly author?: string;
  readonly channel?: string;
  readonly commandId?: string;
  readonly deleted?: boolean;
}

describe('the reader', () => {
  let leaks: LeakCheck;
  let superuser: Client;
  let owner: Client;
  let replica: Client;
  let proxy: TcpProxy;
  let router: ReadRouter;
  let cache: CacheConnection;
  let reads: TenantReads;
  let results: Results;
  let beats: WriterBeats;
  let tenant: string;

  beforeAll(async () => {
    leaks = watchLeaks();
    superuser = await connected(readStack().urlOf('postgres-primary'));
    await superuser.query(`CREATE DATABASE ${database} OWNER migrator`);
    await migrate(urlOf('migrator', 'primary'));
    owner = await connected(urlOf('postgres', 'primary'));
    replica = await eventually('the replica has the database', () =>
      connected(urlOf('postgres', 'replica-1')),
    );
    proxy = await startTcpProxy({ target: { port: Number(new URL(urlOf('reader', 'primary')).port) } });
    const primaryUrl = new URL(urlOf('reader', 'primary'));
    primaryUrl.port = String(proxy.port);
    router = ReadRouter.open({
      nodes: new Map([[SHARD, [primaryUrl.href, urlOf('reader', 'replica-1')]]]),
      poolMax: 4,
      applicationName: 'spec reader',
      logger: quiet,
      maxLagMs: 60_000,
      primaryReadShare: 0.5,
    });
    cache = CacheConnection.open({ url: readStack().urlOf('redis'), name: 'a spec', logger: quiet });
    await eventually('redis answers', async () => (await cache.call((redis) => redis.ping())).ok);
    const directory = ShardDirectory.parse(`${SHARD}:0-1023`);
    reads = new TenantReads(router, directory, keys.consistency);
    results = new Results(cache);
    beats = new WriterBeats(cache);
  });
  afterAll(async () => {
    await router.close();
    await cache.close();
    await proxy.stop();
    await Promise.all([owner.end(), replica.end()]);
    await superuser.query(`DROP DATABASE ${database} WITH (FORCE)`);
    await superuser.end();
    await leaks.expectNoLeaks();
  });
  beforeEach(async () => {
    tenant = `spec-${randomUUID()}`;
    await eventually('both nodes answer', async () => {
      const served = [await reads.read(tenant, STRONG, nothing), await reads.read(tenant, EVENTUAL, nothing)];
      const by = served.map(({ servedBy }) => servedBy);
      return by.join() === 'primary,replica-1' || notYet(by);
    });
  });
  afterEach(() => proxy.pass());

  const nothing = (): Promise<void> => Promise.resolve();
  const store = async (...rows: Row[]): Promise<string[]> => {
    const first = Date.now() - rows.length;
    const ids = rows.map(({ id }, n) => id ?? uuidV7(first + n));
    const column = (value: (row: Row, n: number) => unknown): unknown[] => rows.map(value);
    await owner.query(
      `INSERT INTO posts (tenant_id, id, author_id, channel_id, content, content_version, tags_version, command_id, deleted_by)
       SELECT t, i, a, c, 'hello', i, i, k, d
       FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::uuid[]) AS g(t, i, a, c, k, d)`,
      [
        column((row) => row.tenant ?? tenant),
        ids,
        column((row) => row.author ?? 'alice'),
        column((row) => row.channel ?? null),
        column((row, n) => row.commandId ?? ids[n]),
        column((row) => (row.deleted ? uuidV7() : null)),
      ],
    );
    await replayed();
    return ids;
  };
  const put = (entries: readonly ResultEntry[]) => results.put({ shard: SHARD, entries, changed: new Set() });
  const outcome = async (
    commandId: string,
    what: string,
    code: string | null,
    detail: string | null,
    postId = commandId,
  ) => {
    await owner.query(
      `INSERT INTO command_outcomes (tenant_id, command_id, outcome, code, detail, post_id)
       VALUES ($1, $2, $3, $4, $5, $6)`,
      [tenant, commandId, what, code, detail, postId],
    );
    await replayed();
  };
  /** Waits until the replica has everything that is on the primary now. */
  const replayed = async (): Promise<void> => {
    const { rows } = await owner.query<{ lsn: string }>('SELECT pg_current_wal_flush_lsn()::text AS lsn');
    await eventually(
      'the replica has replayed it',
      async () => {
        const at = await replica.query<{ there: boolean }>(
          'SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS there',
          [rows[0]?.lsn],
        );
        return at.rows[0]?.there === true;
      },
      { everyMs: 5 },
    );
  };

  describe('lists posts', () => {
    const list = async (
      filter: Partial<PostFilter>,
      pageSize: number,
      now = Date.now(),
    ): Promise<{ readonly all: string[]; readonly pages: number }> => {
      const all: string[] = [];
      let before: string | undefined;
      for (let pages = 1; ; pages++) {
        const { value } = await reads.read(tenant, EVENTUAL, (scope) =>
          findPosts(scope, { tenant, ...filter }, before, pageSize, now),
        );
        expect(value.length).toBeLessThanOrEqual(pageSize);
        all.push(...value.map(({ id }: PostEntity) => id));
        before = value.at(-1)?.id;
        if (value.length < pageSize) return { all, pages };
      }
    };

    it('newest first, completely and without repeats, over pages and years', async () => {
      const now = Date.now();
      // Bursts around the edges of months and of the widening time windows, down to 1980.
      const ages = [0, 1, 27, 28, 29, 100, 112, 113, 447, 449, 1792, 1793, 3000, 7168, 7169, 12_000, 16_000];
      const times = ages.flatMap((days) => [0, 1, 2].map((n) => now - days * DAY_MS - n));
      const months = [...new Set(times.map((time) => new Date(time).toISOString().slice(0, 7)))];
      await owner.query('SELECT ensure_partitions(m::timestamptz) FROM unnest($1::text[]) AS m', [
        months.map((month) => `${month}-01T00:00:00Z`),
      ]);
      const ids = await store(...times.map((time): Row => ({ id: uuidV7(time) })));
      await store({ tenant: `${tenant}-other` });
      const newestFirst = [...ids].sort().reverse();
      for (const pageSize of [1, 4, 7, ids.length - 1, ids.length, 100]) {
        expect((await list({}, pageSize, now)).all).toEqual(newestFirst);
      }
      expect((await list({}, 7, now)).pages).toBe(Math.floor(ids.length / 7) + 1);
    });

    it('of a channel, of an author, of both, and none that was deleted', async () => {
      const [a, b, c, , e] = await store(
        { channel: 'news', author: 'alice' },
        { channel: 'news', author: 'bob' },
        { author: 'bob' },
        { channel: 'news', author: 'bob', deleted: true },
        { channel: 'New', author: 'Bob' },
      );
      expect((await list({}, 10)).all).toEqual([e, c, b, a]);
      expect((await list({ channelId: 'news' }, 10)).all).toEqual([b, a]);
      expect((await list({ authorId: 'bob' }, 10)).all).toEqual([c, b]);
      expect((await list({ channelId: 'news', authorId: 'bob' }, 10)).all).toEqual([b]);
      expect((await list({ channelId: 'nothing' }, 10)).all).toEqual([]);
    });

    it('that were made a moment ahead of this clock', async () => {
      const [ahead] = await store({ id: uuidV7(Date.now() + 50_000) });
      expect((await list({}, 10)).all).toEqual([ahead]);
    });

    it('and of no other tenant, even when it is asked for one', async () => {
      await store({ tenant: `${tenant}-other` });
      const { value } = await reads.read(tenant, EVENTUAL, (scope) =>
        findPosts(scope, { tenant: `${tenant}-other` }, undefined, 10, Date.now()),
      );
      expect(value).toEqual([]);
    });

    it('with the times that lie in their ids', async () => {
      const time = Date.now() - 5_000;
      await store({ id: uuidV7(time), channel: 'news' });
      const { value } = await reads.read(tenant, EVENTUAL, (scope) =>
        findPosts(scope, { tenant }, undefined, 1, Date.now()),
      );
      expect(value.map(presentPost)).toEqual([
        {
          id: value[0]?.id,
          authorId: 'alice',
          channelId: 'news',
          replyTo: null,
          content: 'hello',
          tags: [],
          createdAt: new Date(time).toISOString(),
          updatedAt: new Date(time).toISOString(),
          replies: null,
        },
      ]);
    });
  });

  describe('derives a job', () => {
    const now = Date.now();
    const jobs = (): JobReader => new JobReader({ reads, results, beats, keys });
    const ticketOf = (id: string, commandId = id, of = tenant): string =>
      issueTicket(keys.ticket, of, { kind: 'create', issuedAt: now, commandId, postId: id });
    const jobOf = (id: string, commandId = id): Promise<Job | null> =>
      jobs().read(tenant, ticketOf(id, commandId), Date.now());
    const primaryAway = async (): Promise<void> => {
      await proxy.refuse();
      proxy.reset();
      await eventually('the primary is missed', async () => {
        try {
          await reads.read(tenant, STRONG, nothing);
          return false;
        } catch {
          return true;
        }
      });
    };

    it('from a recent result first, without any database', async () => {
      const [done, failed] = [uuidV7(), uuidV7()];
      const position = { shard: SHARD, timeline: 1, lsn: '0000000000000001' };
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
      expect(readConsistencyToken(keys.consistency, job?.consistencyToken ?? '', Date.now())).toEqual(
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
      expect(readConsistencyToken(keys.consistency, job?.consistencyToken ?? '', Date.now())).toMatchObject({
        shard: SHARD,
        timeline: 1,
      });
    });

    it('from the primary, when a replica does not know it yet', async () => {
      // Other specs pause the same replica: one at a time, or one would resume under another.
      await superuser.query(`SELECT pg_advisory_lock(hashtext('spec.replay'))`);
      try {
        await replica.query('SELECT pg_wal_replay_pause()');
        const id = uuidV7();
        await owner.query(
          `INSERT INTO posts (tenant_id, id, author_id, content, content_version, tags_version, command_id)
           VALUES ($1, $2, 'alice', 'hello', $2, $2, $2)`,
          [tenant, id],
        );
        expect(await jobOf(id)).toMatchObject({ status: 'completed' });
      } finally {
        await replica.query('SELECT pg_wal_replay_resume()');
        await superuser.query(`SELECT pg_advisory_unlock(hashtext('spec.replay'))`);
      }
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
        const jobId = issueTicket(keys.ticket, tenant, { kind, issuedAt: now, commandId, postId });
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
      const position = { shard: SHARD, timeline: 1, lsn: '0000000000000001' };
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
      const position = { shard: SHARD, timeline: 1, lsn: '0000000000000001' };
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
      const stop = beats.keepBeating([SHARD], () => true);
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
        await jobs().read(
          tenant,
          `${ticketOf(id).slice(0, -1)}${ticketOf(id).endsWith('A') ? 'B' : 'A'}`,
          now,
        ),
      ).toBeNull();
      expect(await jobs().read(`${tenant}-other`, ticketOf(id), now)).toBeNull();
      expect(await jobs().read(tenant, ticketOf(id), now + 8 * DAY_MS)).toBeNull();
      expect(await jobs().read(tenant, 'x', now)).toBeNull();
    });
  });

  describe('asks for as much freshness as', () => {
    it('a token of this shard says, a strong read for another shard, and nothing for a forged one', async () => {
      const [id = ''] = await store({});
      const job = await new JobReader({ reads, results, beats, keys }).read(
        tenant,
        issueTicket(keys.ticket, tenant, { kind: 'create', issuedAt: Date.now(), commandId: id, postId: id }),
        Date.now(),
      );
      const token = job?.consistencyToken ?? '';
      expect(reads.freshnessOf(tenant, token)).toMatchObject({ mode: 'atLeast', position: { shard: SHARD } });
      const elsewhere = new TenantReads(router, ShardDirectory.parse('s9:0-1023'), keys.consistency);
      expect(elsewhere.freshnessOf(tenant, token)).toEqual(STRONG);
      expect(reads.freshnessOf(tenant, `${token}x`)).toEqual(EVENTUAL);
      expect(reads.freshnessOf(tenant, undefined)).toEqual(EVENTUAL);
    });
  });
});

async function connected(connectionString: string): Promise<Client> {
  const client = new Client({ connectionString });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

function urlOf(role: 'postgres' | 'migrator' | 'reader', node: 'primary' | 'replica-1'): string {
  const stack = readStack();
  const { passwords } = JSON.parse(readFileSync(join(stack.dir, 'secrets.json'), 'utf8')) as {
    passwords: Record<string, string>;
  };
  const url = new URL(stack.urlOf(`postgres-${node}`));
  url.username = role;
  url.password = passwords[role] ?? '';
  url.pathname = `/${database}`;
  return url.href;
}
