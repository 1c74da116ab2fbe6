import { Client } from 'pg';
import type { Stack } from '@spillway/testing';
import { caughtUp } from './caught-up.js';

/** One row fills a page. */
const FILL = [
  'CREATE TABLE worn_in (filler text)',
  'ALTER TABLE worn_in ALTER COLUMN filler SET STORAGE PLAIN',
  `INSERT INTO worn_in SELECT repeat('x', 8000)
   FROM generate_series(1, (SELECT setting::int FROM pg_settings WHERE name = 'shared_buffers'))`,
  'DROP TABLE worn_in',
];

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
    for (const statement of FILL) await admin.query(statement);
    await caughtUp(admin);
    // What the replicas have is no longer kept, and its files are used again.
    await admin.query('CHECKPOINT');
  } finally {
    await admin.end();
  }
}
