import type { PoolClient } from 'pg';
import type { EntityManager, QueryRunner } from 'typeorm';
import { DatabaseUnavailable } from './database-error.js';
import { destroyConnection, type DatabaseNode } from './node.js';

/** One connection of one node, lent for the length of a function. */
export interface Scope {
  /** TypeORM as everyone knows it, bound to this connection. */
  readonly manager: EntityManager;
  query<Row>(text: string, parameters?: readonly unknown[]): Promise<Row[]>;
  /** Runs `fn` between BEGIN and COMMIT; any failure rolls back and is thrown on. */
  transaction<T>(fn: () => Promise<T>): Promise<T>;
}

/**
 * Lends a connection of `node` to `fn` and takes it back whatever happens. After `deadlineMs` the
 * connection is destroyed rather than returned: a cancelled wait for a standby would report success.
 * @throws DatabaseUnavailable when there is no connection, or none in time.
 */
export async function withScope<T>(
  node: DatabaseNode,
  deadlineMs: number,
  fn: (scope: Scope) => Promise<T>,
): Promise<T> {
  const startedAt = performance.now();
  node.inFlight++;
  const runner = (await node.dataSource().catch(releaseCount(node))).createQueryRunner();
  let client: PoolClient | undefined;
  let timer: NodeJS.Timeout | undefined;
  let expired = false;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      expired = true;
      if (client) destroyConnection(client);
      reject(
        new DatabaseUnavailable('timeout', `${node.options.name} did not answer within ${deadlineMs} ms`),
      );
    }, deadlineMs);
  });
  const connecting = runner.connect() as Promise<PoolClient>;
  const work = async (): Promise<T> => {
    client = await connecting;
    if (expired) throw new DatabaseUnavailable('timeout', 'the connection came after the deadline');
    return fn(scopeOf(runner));
  };
  try {
    return await Promise.race([work(), deadline]);
  } finally {
    clearTimeout(timer);
    // Released before its connection has come, a runner stays in TypeORM's books and its pool never closes.
    const released = connecting.then(() => runner.release()).catch(() => undefined);
    if (client) await released;
    node.inFlight--;
    node.latencyMs = node.latencyMs * 0.9 + (performance.now() - startedAt) * 0.1;
  }
}

function releaseCount(node: DatabaseNode): (error: unknown) => never {
  return (error) => {
    node.inFlight--;
    throw error;
  };
}

function scopeOf(runner: QueryRunner): Scope {
  const query = async <Row>(text: string, parameters: readonly unknown[] = []): Promise<Row[]> =>
    (await runner.query(text, [...parameters])) as Row[];
  return {
    manager: runner.manager,
    query,
    async transaction<T>(fn: () => Promise<T>): Promise<T> {
      await query('BEGIN');
      try {
        const value = await fn();
        await query('COMMIT');
        return value;
      } catch (error) {
        await query('ROLLBACK').catch(() => undefined);
        throw error;
      }
    },
  };
}
