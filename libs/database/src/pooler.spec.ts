import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { uuidV7 } from '@spillway/contracts';
import { readStack, watchLeaks, type LeakCheck } from '@spillway/testing';
import { ReadStatement, type ReadResult } from './read/read-statement.js';

const CLIENTS = 1_000;
const SERVERS = 50;
const LOGINS_AT_ONCE = 50;
const TENANTS = 20;

interface Seen {
  readonly tenant: string;
  readonly pid: number;
}

/** Through the PgBouncer of the stack's primary, as the apps go. */
describe('PgBouncer', () => {
  let leaks: LeakCheck;
  let admin: Client;
  const clients: Client[] = [];
  const run = randomBytes(4).toString('hex');
  const tenants = Array.from({ length: TENANTS }, (_, n) => `spec-pooler-${run}-${n}`);

  beforeAll(async () => {
    leaks = watchLeaks();
    admin = new Client({ connectionString: readStack().urlOf('postgres-primary') });
    await admin.connect();
    for (const tenant of tenants)
      await admin.query(
        `INSERT INTO posts (tenant_id, id, author_id, content, content_version, tags_version, command_id)
         SELECT $1, id, 'alice', $1, id, id, id FROM unnest($2::uuid[]) AS id`,
        [tenant, [uuidV7(), uuidV7(), uuidV7()]],
      );
    for (let from = 0; from < CLIENTS; from += LOGINS_AT_ONCE)
      clients.push(...(await Promise.all(Array.from({ length: LOGINS_AT_ONCE }, login))));
  }, 90_000);
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.end()));
    await admin.query('DELETE FROM posts WHERE tenant_id = ANY($1)', [tenants]);
    await admin.end();
    await leaks.expectNoLeaks();
  }, 30_000);
  const read = (client: Client, tenant: string): Promise<Seen[]> =>
    new Promise((resolve, reject) => {
      const answered = (error: Error | null, result?: ReadResult): void => {
        if (result)
          resolve(result.rows.map((row) => ({ tenant: String(row['tenant']), pid: Number(row['pid']) })));
        else reject(error ?? new Error('nothing was answered'));
      };
      const text = 'SELECT tenant_id AS tenant, pg_backend_pid() AS pid FROM posts WHERE content = tenant_id';
      client.query(new ReadStatement(tenant, text, [], answered));
    });

  it('serves a thousand clients, all at once, on fifty connections, each with the rows of its tenant only', async () => {
    expect(clients).toHaveLength(CLIENTS);
    const pids = new Set<number>();
    for (let round = 0; round < 3; round++) {
      const answers = await Promise.all(
        clients.map(async (client, n) => {
          const tenant = tenants[(n + round) % TENANTS] ?? '';
          return { tenant, rows: await read(client, tenant) };
        }),
      );
      const foreign = answers.filter(
        ({ tenant, rows }) => rows.length !== 3 || rows.some((r) => r.tenant !== tenant),
      );
      expect(foreign).toEqual([]);
      for (const { rows } of answers) for (const { pid } of rows) pids.add(pid);
    }
    expect(pids.size).toBeGreaterThan(1);
    expect(pids.size).toBeLessThanOrEqual(SERVERS);
    const { rows } = await admin.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM pg_stat_activity WHERE pid = ANY($1)`,
      [[...pids]],
    );
    expect(rows[0]?.n).toBeLessThanOrEqual(SERVERS);
  }, 60_000);
});

async function login(): Promise<Client> {
  const stack = readStack();
  const { passwords } = JSON.parse(readFileSync(join(stack.dir, 'secrets.json'), 'utf8')) as {
    passwords: Record<string, string>;
  };
  const url = new URL(stack.urlOf('pgbouncer-primary'));
  url.username = 'reader';
  url.password = passwords['reader'] ?? '';
  const client = new Client({ connectionString: url.href });
  await client.connect();
  return client;
}
