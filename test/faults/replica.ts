import { Client } from 'pg';
import { eventually, notYet, type Stack } from '@spillway/testing';

/** Lends a connection to the first replica, as its superuser. */
export async function withReplica<T>(stack: Stack, fn: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({
    connectionString: stack.urlOf('postgres-replica-1'),
    connectionTimeoutMillis: 5_000,
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await fn(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Holds replay where it is: the log still arrives. */
export const pauseReplay = (stack: Stack): Promise<void> =>
  withReplica(stack, async (client) => {
    await client.query('SELECT pg_wal_replay_pause()');
    await eventually('replay is paused', async () => {
      const { rows } = await client.query<{ state: string }>(
        'SELECT pg_get_wal_replay_pause_state() AS state',
      );
      return rows[0]?.state === 'paused' || notYet(rows);
    });
  });

export const resumeReplay = (stack: Stack): Promise<unknown> =>
  withReplica(stack, (client) => client.query('SELECT pg_wal_replay_resume()'));

/** Waits until the replica answers and receives the log again. */
export const replicaStreams = (stack: Stack): Promise<unknown> =>
  eventually(
    'the replica streams',
    () =>
      withReplica(stack, async (client) => {
        const { rowCount } = await client.query(
          `SELECT 1 FROM pg_stat_wal_receiver WHERE status = 'streaming'`,
        );
        return rowCount === 1 || notYet('no receiver');
      }),
    { deadlineMs: 60_000 },
  );
