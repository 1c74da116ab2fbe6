import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from 'pg';
import { encodeEnvelope } from '@spillway/contracts/server';
import { classifySqlError, sqlState } from '@spillway/database';
import { connectPostgres, eventually, quietLogger, startTcpProxy, type TcpProxy } from '@spillway/testing';
import { Events } from '../events.js';
import { commandHandlers } from '../handlers.js';
import { entryOf, postsFixture, type PostsFixture } from '../spec/posts-fixture.js';
import { batchOf, shown } from '../spec/writer-fixture.js';
import { BatchWriter } from './batch-writer.js';
import { BARRIER } from './commit-batch.js';
import { Partitions } from './partitions.js';

describe('the writer holds a batch', () => {
  let fixture: PostsFixture;
  let owner: Client;
  let write: PostsFixture['write'];
  let create: PostsFixture['create'];
  let posts: PostsFixture['posts'];
  let replica: Client;
  let proxy: TcpProxy;
  let writer: BatchWriter;

  beforeAll(async () => {
    fixture = await postsFixture('held');
    const { database } = fixture;
    ({ write, create, posts, writer } = fixture);
    owner = await connectPostgres(database.urlOf('postgres'));
    replica = await eventually('the replica has the database', () =>
      connectPostgres(database.urlOf('postgres', 'postgres-replica-1')),
    );
    proxy = await startTcpProxy({ target: { port: Number(new URL(database.urlOf('writer')).port) } });
  });
  afterAll(async () => {
    await proxy.stop();
    await Promise.all([owner.end(), replica.end()]);
    await fixture.close();
  });

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
    const { router, results } = fixture;
    const forgetful = { ...commandHandlers(), 'post.create': { apply: () => Promise.resolve([]) } };
    const by = new BatchWriter({
      router,
      results,
      handlers: forgetful,
      partitions: new Partitions(router),
      events: new Events(quietLogger),
    });
    expect(await write([create()], by)).toEqual(['unavailable a handler left a command without an outcome']);
  });
});
