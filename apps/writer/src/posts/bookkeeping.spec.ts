import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { uuidV7, type Command } from '@spillway/contracts';
import { edit } from '../spec/commands.js';
import { postsFixture, type PostsFixture } from '../spec/posts-fixture.js';

describe('what batches leave behind', () => {
  let fixture: PostsFixture;
  let create: PostsFixture['create'];
  let write: PostsFixture['write'];

  beforeAll(async () => {
    fixture = await postsFixture('bookkeeping');
    ({ create, write } = fixture);
  });
  afterAll(() => fixture.close());

  const KINDS = ['committed', 'duplicate', 'superseded', 'failed'] as const;
  type Counted = Record<(typeof KINDS)[number], number>;
  const counted = async (): Promise<Counted> => {
    const [row] = await fixture.database.query<Counted>(
      `SELECT ${KINDS.map((kind) => `coalesce(sum(${kind}), 0)::int AS ${kind}`).join()} FROM ledger`,
    );
    if (!row) throw new Error('the ledger has no sums');
    return row;
  };
  const since = async (before: Counted): Promise<Record<string, number>> => {
    const now = await counted();
    return Object.fromEntries(KINDS.map((kind) => [kind, now[kind] - before[kind]]));
  };

  it('is stored in a database restored from a dump, where transaction ids begin anew', async () => {
    await fixture.database.query(
      `INSERT INTO batches (xid, writer, lane, attempt, commands, started_at, committed_at, timeline, lsn)
       SELECT (pg_current_xact_id()::text::bigint + n)::text::xid8, 'restored', 'write', 1, 1, now(), now(), 1, '0/1'
       FROM generate_series(1, 20000) n`,
    );
    const commands = [create(), create(), create()];
    expect(await write(commands)).toEqual(['committed', 'committed', 'committed']);
    const batches = await fixture.database.query(
      `SELECT commands, committed_at, timeline, lsn FROM batches WHERE writer = 'spec writer'`,
    );
    expect(batches).toEqual([{ commands: 3, committed_at: null, timeline: null, lsn: null }]);
  });

  it('is no fault of a command: what our own tables refuse is held', async () => {
    await fixture.database.query(
      `ALTER TABLE batches ADD CONSTRAINT batches_spec CHECK (commands <> 1) NOT VALID`,
    );
    const command = create();
    expect(await write([command])).toEqual(['unavailable other']);
    await fixture.database.query(`ALTER TABLE batches DROP CONSTRAINT batches_spec`);
    expect(await write([command])).toEqual(['committed']);
  });

  it('counts a rejection once, and its repeats as repeats', async () => {
    await fixture.database.query(`ALTER TABLE posts ADD CONSTRAINT posts_spec CHECK (content <> 'poison')`);
    const poison = create({}, { content: 'poison' });
    const post = create();
    const stranger = edit(post, 1, { content: 'mine' }, { actor: { sub: 'mallory', moderator: false } });
    const taken = { ...create(), postId: post.postId };
    const before = await counted();
    expect(await write([post])).toEqual(['committed']);
    for (let n = 0; n < 3; n++) expect(await write([poison])).toEqual(['rejected data_rejected']);
    for (let n = 0; n < 3; n++) {
      expect(await write([stranger, taken, taken])).toEqual([
        'rejected not_permitted',
        'rejected id_taken',
        'rejected id_taken',
      ]);
    }
    expect(await since(before)).toEqual({ committed: 1, duplicate: 9, superseded: 0, failed: 3 });
  });

  it('counts an edit that came too late once', async () => {
    const post = create();
    const [late, newer] = [edit(post, 1, { content: 'late' }), edit(post, 2, { content: 'newer' })];
    const before = await counted();
    expect(await write([post, newer])).toEqual(['committed', 'committed']);
    for (let n = 0; n < 3; n++) expect(await write([late])).toEqual(['superseded']);
    expect(await since(before)).toEqual({ committed: 2, duplicate: 2, superseded: 1, failed: 0 });
  });

  it('is no partition for edits and deletions of posts that are not there', async () => {
    const changeOf = (kind: 'post.edit' | 'post.delete', month: number): Command => {
      const base = { ...create(), postId: uuidV7(Date.UTC(1991, month)), commandId: uuidV7(), attempt: 30 };
      return kind === 'post.edit'
        ? { ...base, kind, edit: { content: 'x', tags: ['y'] } }
        : { ...base, kind };
    };
    const changes = [0, 1, 2].flatMap((month) => [
      changeOf('post.edit', month),
      changeOf('post.delete', month),
    ]);
    const outcomes = await write([...changes, create()]);
    expect(outcomes).toEqual([...changes.map(() => 'rejected post_not_found'), 'committed']);
    const tables = await fixture.database.query(`SELECT relname FROM pg_class WHERE relname ~ '_1991'`);
    expect(tables).toEqual([]);
  });
});
