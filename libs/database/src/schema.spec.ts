import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { isUuidV7, uuidV7, uuidV7Time } from '@spillway/contracts';
import { readStack, watchLeaks, type LeakCheck } from '@spillway/testing';
import { migrate } from './migrate.js';
import { MIGRATIONS } from './migrations/index.js';

type Role = 'migrator' | 'writer' | 'reader' | 'monitor' | 'operator';
const database = `spec_schema_${randomBytes(4).toString('hex')}`;
const DENIED = '42501';

describe('the schema', () => {
  let leaks: LeakCheck;
  let superuser: Client;
  const clients: Client[] = [];

  beforeAll(async () => {
    leaks = watchLeaks();
    superuser = await open(readStack().urlOf('postgres-primary'));
    await superuser.query(`CREATE DATABASE ${database} OWNER migrator`);
  });
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.end()));
    await superuser.query(`DROP DATABASE ${database} WITH (FORCE)`);
    await superuser.end();
    await leaks.expectNoLeaks();
  });
  const as = async (role: Role): Promise<Client> => {
    const client = await open(urlOf(role));
    clients.push(client);
    return client;
  };
  const insertPost = (client: Client, tenant: string, id = uuidV7()) =>
    client.query(
      `INSERT INTO posts (tenant_id, id, author_id, content, content_version, tags_version, command_id)
       VALUES ($1, $2, 'alice', 'hello', $2, $2, $2)`,
      [tenant, id],
    );

  it('is made once, by whichever of several comes first, and left alone afterwards', async () => {
    const runs = await Promise.all([1, 2, 3].map(() => migrate(urlOf('migrator'))));
    expect(runs.map(({ length }) => length).sort()).toEqual([0, 0, MIGRATIONS.length]);
    expect(await migrate(urlOf('migrator'))).toEqual([]);
  });

  it('has partitions for the month before, this one and three to come', async () => {
    const writer = await as('writer');
    const { rows } = await writer.query<{ name: string }>(
      `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
       WHERE i.inhparent = 'posts'::regclass ORDER BY 1`,
    );
    const months = [-1, 0, 1, 2, 3].map((m) => {
      const now = new Date();
      const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + m, 1));
      return `posts_${month.toISOString().slice(0, 7).replace('-', '')}`;
    });
    expect(rows.map(({ name }) => name)).toEqual(months);
  });

  describe('lets the writer', () => {
    it('write, and nothing of the structure change', async () => {
      const writer = await as('writer');
      await insertPost(writer, 'acme');
      for (const statement of [
        'CREATE TABLE public.mine (a int)',
        'ALTER TABLE posts ADD COLUMN mine int',
        'DROP TABLE posts',
        'TRUNCATE posts',
        'DELETE FROM posts',
        'CREATE INDEX ON posts (content)',
        'ALTER TABLE posts DISABLE ROW LEVEL SECURITY',
        'CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS $$SELECT 1$$',
      ])
        expect([statement, await stateOf(writer.query(statement))]).toEqual([statement, DENIED]);
    });

    it('make the partitions of a month once, however many ask at the same time', async () => {
      const writers = await Promise.all(Array.from({ length: 10 }, () => as('writer')));
      const answers = await Promise.all(
        writers.map(async (writer) => {
          const { rows } = await writer.query<{ made: boolean }>(
            `SELECT ensure_partitions('1995-07-14T12:00:00Z') AS made`,
          );
          return rows[0]?.made;
        }),
      );
      expect(answers.filter((made) => made === true)).toHaveLength(1);
      const [writer] = writers;
      if (!writer) throw new Error('there is no writer');
      await insertPost(writer, 'acme', uuidV7(Date.UTC(1995, 6, 1)));
      await insertPost(writer, 'acme', uuidV7(Date.UTC(1995, 7, 1) - 1));
      expect(await stateOf(insertPost(writer, 'acme', uuidV7(Date.UTC(1995, 7, 1))))).toBe('23514');
      expect(await stateOf(insertPost(writer, 'acme', uuidV7(Date.UTC(1995, 6, 1) - 1)))).toBe('23514');
    });

    it('make no partition of a time that nobody can mean', async () => {
      const writer = await as('writer');
      for (const at of [`now() + interval '6 months'`, `'1969-12-31T23:59:59Z'`, `'infinity'`])
        expect(await stateOf(writer.query(`SELECT ensure_partitions(${at})`))).toBe('22023');
    });

    it('meet a session of another time zone without shifting the months', async () => {
      const writer = await as('writer');
      await writer.query(`SET timezone = 'Pacific/Kiritimati'`);
      await writer.query(`SELECT ensure_partitions('1996-02-01T00:00:00Z')`);
      await insertPost(writer, 'acme', uuidV7(Date.UTC(1996, 1, 1)));
      await insertPost(writer, 'acme', uuidV7(Date.UTC(1996, 2, 1) - 1));
    });
  });

  describe('lets the reader', () => {
    const count = async (reader: Client, table: string): Promise<number> => {
      const { rows } = await reader.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`);
      return rows[0]?.n ?? -1;
    };

    it('see the rows of one tenant, and none without a tenant, on a reused session too', async () => {
      const writer = await as('writer');
      const reader = await as('reader');
      const id = uuidV7();
      await insertPost(writer, 'blue', id);
      await insertPost(writer, 'red');
      await writer.query(`INSERT INTO post_tags VALUES ('blue', 'news', $1)`, [id]);
      await writer.query(
        `INSERT INTO command_outcomes (tenant_id, command_id, outcome, post_id) VALUES ('blue', $1, 'parked', $1)`,
        [id],
      );
      for (const table of ['posts', 'post_tags', 'command_outcomes']) {
        expect(await count(reader, table)).toBe(0);
        await reader.query('BEGIN READ ONLY');
        await reader.query(`SELECT set_config('app.tenant', 'blue', true)`);
        expect(await count(reader, table)).toBe(1);
        expect(await count(reader, `${table} WHERE tenant_id = 'red'`)).toBe(0);
        await reader.query('COMMIT');
        // The setting is now '', not unset.
        expect(await count(reader, table)).toBe(0);
      }
    });

    it('write nothing, even when it turns its own read-only default off', async () => {
      const reader = await as('reader');
      expect(await stateOf(insertPost(reader, 'acme'))).toBe('25006');
      await reader.query('SET default_transaction_read_only = off');
      expect(await stateOf(insertPost(reader, 'acme'))).toBe(DENIED);
      for (const statement of [
        `UPDATE posts SET content = ''`,
        'DELETE FROM posts',
        `INSERT INTO post_tags VALUES ('acme', 'a', '${uuidV7()}')`,
        `SELECT ensure_partitions(now())`,
        'CREATE TABLE public.mine (a int)',
        'SELECT 1 FROM posts FOR UPDATE',
      ])
        expect([statement, await stateOf(reader.query(statement))]).toEqual([statement, DENIED]);
    });

    it('read no partition directly, which would pass by the policy, and nothing that is not a reader’s', async () => {
      const reader = await as('reader');
      const url = new URL(readStack().urlOf('postgres-primary'));
      url.pathname = `/${database}`;
      const owner = await open(url.href);
      clients.push(owner);
      const { rows } = await owner.query<{ name: string }>(
        `SELECT oid::regclass::text AS name FROM pg_class WHERE relkind = 'r' AND relispartition`,
      );
      expect(rows.length).toBeGreaterThanOrEqual(14);
      for (const table of [
        ...rows.map(({ name }) => name),
        'idempotency',
        'dead_letters',
        'schema_migrations',
      ])
        expect([table, await stateOf(reader.query(`SELECT * FROM ${table} LIMIT 1`))]).toEqual([
          table,
          DENIED,
        ]);
    });
  });

  describe('of dead letters', () => {
    const letter = async (writer: Client, tenant: string | null): Promise<string> => {
      const { rows } = await writer.query<{ id: string }>(
        `INSERT INTO dead_letters (message_id, ordinal, tenant_id, reason, payload)
         VALUES (gen_random_uuid(), 0, $1, 'newer_command', 'content') RETURNING id`,
        [tenant],
      );
      return rows[0]?.id ?? '';
    };
    const act = (writer: Client, id: string, tenant: string | null) =>
      writer.query(
        `INSERT INTO dead_letter_actions (letter_id, action_id, tenant_id, action, actor, via, why, result)
         VALUES ($1, gen_random_uuid(), $2, 'replay', 'olga', 'api', 'because', 'requested')`,
        [id, tenant],
      );

    it('gives each an id that is its time', async () => {
      const id = await letter(await as('writer'), 'green');
      expect(isUuidV7(id)).toBe(true);
      expect(Math.abs(uuidV7Time(id) - Date.now())).toBeLessThan(60_000);
    });

    it('lets the writer add to the record and say what came of it, and change nothing else in it', async () => {
      const writer = await as('writer');
      await act(writer, await letter(writer, 'green'), 'green');
      expect(
        await stateOf(writer.query(`UPDATE dead_letter_actions SET result = 'done', ended_at = now()`)),
      ).toBe('done');
      for (const statement of [
        `UPDATE dead_letter_actions SET why = 'another'`,
        `UPDATE dead_letter_actions SET actor = 'another'`,
        'DELETE FROM dead_letter_actions',
        'DELETE FROM dead_letters',
      ])
        expect([statement, await stateOf(writer.query(statement))]).toEqual([statement, DENIED]);
    });

    it('shows the reader those of one tenant, and no content', async () => {
      const writer = await as('writer');
      for (const tenant of ['violet', 'orange', null])
        await act(writer, await letter(writer, tenant), tenant);
      const reader = await as('reader');
      await reader.query('BEGIN READ ONLY');
      await reader.query(`SELECT set_config('app.tenant', 'violet', true)`);
      for (const table of ['dead_letters', 'dead_letter_actions']) {
        const { rows } = await reader.query<{ tenant_id: string }>(`SELECT tenant_id FROM ${table}`);
        expect(rows).toEqual([{ tenant_id: 'violet' }]);
      }
      await reader.query('COMMIT');
      expect(await stateOf(reader.query('SELECT payload FROM dead_letters'))).toBe(DENIED);
    });

    it('shows the operator all of them and nothing else, and lets it change nothing', async () => {
      const operator = await as('operator');
      const { rows } = await operator.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM dead_letters WHERE tenant_id IN ('violet', 'orange') AND payload = 'content'`,
      );
      expect(rows).toEqual([{ n: 2 }]);
      await operator.query('SET default_transaction_read_only = off');
      for (const statement of [
        `UPDATE dead_letters SET state = 'discarded'`,
        'DELETE FROM dead_letter_actions',
        'SELECT 1 FROM posts',
        'SELECT 1 FROM idempotency',
      ])
        expect([statement, await stateOf(operator.query(statement))]).toEqual([statement, DENIED]);
    });
  });

  it('keeps the first of two rows with one key, and content of a bounded size', async () => {
    const writer = await as('writer');
    const id = uuidV7();
    await insertPost(writer, 'acme', id);
    expect(await stateOf(insertPost(writer, 'acme', id))).toBe('23505');
    await insertPost(writer, 'other', id);
    const tooLarge = writer.query(`UPDATE posts SET content = repeat('x', 65537) WHERE id = $1`, [id]);
    expect(await stateOf(tooLarge)).toBe('23514');
  });
});

function urlOf(role: Role): string {
  const stack = readStack();
  const { passwords } = JSON.parse(readFileSync(join(stack.dir, 'secrets.json'), 'utf8')) as {
    passwords: Record<Role, string>;
  };
  const url = new URL(stack.urlOf('postgres-primary'));
  url.username = role;
  url.password = passwords[role];
  url.pathname = `/${database}`;
  return url.href;
}

async function open(connectionString: string): Promise<Client> {
  const client = new Client({ connectionString });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** SQLSTATE of a failure, or `done`. */
async function stateOf(statement: Promise<unknown>): Promise<string> {
  try {
    await statement;
    return 'done';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}
