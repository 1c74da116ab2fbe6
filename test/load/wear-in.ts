import { Client } from 'pg';
import type { Stack } from '@spillway/testing';
import { caughtUp } from './caught-up.js';

/** Pages between two waits for the replica, a gigabyte: its slot keeps four of log for it, and no more. */
const STEP = 131_072;

/**
 * Brings a database that was made a moment ago into the state of one that has run for a while: each of its
 * buffers has been used, and its log is written into files that were files of the log before. The first
 * gigabytes would else pay for the memory and the files, a tenth of the primary's cost.
 * @throws Error when a replica does not follow in time.
 */
export async function wearIn(stack: Stack): Promise<void> {
  const admin = new Client({ connectionString: stack.urlOf('postgres-primary') });
  await admin.connect();
  try {
    await admin.query('CREATE TABLE worn_in (filler text)');
    await admin.query('ALTER TABLE worn_in ALTER COLUMN filler SET STORAGE PLAIN');
    for (let left = await buffersOf(admin); left > 0; left -= STEP) {
      await fillPages(admin, Math.min(STEP, left));
      await caughtUp(admin);
    }
    await admin.query('DROP TABLE worn_in');
    await caughtUp(admin);
    // What the replicas have is no longer kept, and its files are used again.
    await admin.query('CHECKPOINT');
    await caughtUp(admin);
  } finally {
    await admin.end();
  }
  // Theirs too: a replica else writes each file of its log twice, at first with zeros.
  for (const { name } of stack.ofRole('postgres-replica')) await checkpoint(stack.urlOf(name));
}

async function checkpoint(connectionString: string): Promise<void> {
  const admin = new Client({ connectionString });
  await admin.connect();
  try {
    await admin.query('CHECKPOINT');
  } finally {
    await admin.end();
  }
}

/** How many pages the server's memory holds. */
async function buffersOf(admin: Client): Promise<number> {
  const { rows } = await admin.query<{ pages: number }>(
    `SELECT setting::int AS pages FROM pg_settings WHERE name = 'shared_buffers'`,
  );
  return rows[0]?.pages ?? 0;
}

/** One row fills a page. */
const fillPages = (admin: Client, pages: number): Promise<unknown> =>
  admin.query(`INSERT INTO worn_in SELECT repeat('x', 8000) FROM generate_series(1, $1::int)`, [pages]);
