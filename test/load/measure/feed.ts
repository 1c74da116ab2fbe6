import { Client } from 'pg';
import { eventually, notYet } from '@spillway/testing';

const LACKING = `
  SELECT c.name FROM feed_cursors c
  WHERE c.name <> 'purged' AND EXISTS (SELECT FROM post_changes p WHERE p.xid >= c.xid)`;

/**
 * Waits until search and counts contain every change: what they cost is then in the block whose posts they are
 * of, and not in the next one.
 * @param url of the primary. Holds credentials: never print it.
 */
export async function feedFollowed(url: string, deadlineMs: number): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const look = async (): Promise<true | ReturnType<typeof notYet>> => {
      const { rows } = await client.query<{ readonly name: string }>(LACKING);
      return rows.length === 0 || notYet({ behind: rows.map(({ name }) => name) });
    };
    await eventually('search and counts contain every change', look, { deadlineMs, everyMs: 250 });
  } finally {
    await client.end();
  }
}
