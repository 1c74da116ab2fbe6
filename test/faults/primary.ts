import { Client } from 'pg';
import { eventually, type Stack } from '@spillway/testing';
import type { DeadLetterRow, OutcomeRow, PostRow } from './history.js';

/** The primary itself, as superuser: no pooler, no role, no row-level security between us and the truth. */
export class Primary {
  constructor(private readonly stack: Stack) {}

  /** Lends one connection to `fn`. */
  async with<T>(fn: (client: Client) => Promise<T>): Promise<T> {
    const [node] = this.stack.ofRole('postgres-primary');
    const url = new URL(node?.url ?? '');
    url.pathname = '/spillway';
    const client = new Client({ connectionString: url.href, connectionTimeoutMillis: 5_000 });
    // A primary that dies under us is the point of the exercise; the query in flight rejects by itself.
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await fn(client);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  /** Waits until the primary answers. */
  async up(deadlineMs = 60_000): Promise<void> {
    await eventually(
      'the primary answers',
      () => this.with(async (c) => (await c.query('SELECT 1')).rowCount),
      {
        deadlineMs,
      },
    );
  }

  /** How many rows contain one of these markers. */
  async storedWith(markers: readonly string[]): Promise<number> {
    if (markers.length === 0) return 0;
    return this.with(async (client) => {
      const { rows } = await client.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM posts WHERE content ~ ANY($1)`,
        [markers],
      );
      return rows[0]?.n ?? 0;
    });
  }

  /** Everything stored for tenants whose name begins so. */
  async read(
    tenantPrefix: string,
  ): Promise<{ rows: PostRow[]; outcomes: OutcomeRow[]; deadLetters: DeadLetterRow[] }> {
    return this.with(async (client) => {
      const like = [`${tenantPrefix}%`];
      const rows = await client.query<PostRow>(
        `SELECT tenant_id AS "tenantId", id, author_id AS "authorId", channel_id AS "channelId", content, tags,
                command_id AS "commandId", (extract(epoch FROM stored_at) * 1000)::float8 AS "storedAt"
         FROM posts WHERE tenant_id LIKE $1`,
        like,
      );
      const outcomes = await client.query<OutcomeRow>(
        `SELECT tenant_id AS "tenantId", command_id AS "commandId", outcome, code
         FROM command_outcomes WHERE tenant_id LIKE $1`,
        like,
      );
      const deadLetters = await client.query<DeadLetterRow>(
        `SELECT tenant_id AS "tenantId", command_id AS "commandId"
         FROM dead_letters WHERE tenant_id LIKE $1 OR tenant_id IS NULL`,
        like,
      );
      return { rows: rows.rows, outcomes: outcomes.rows, deadLetters: deadLetters.rows };
    });
  }
}
