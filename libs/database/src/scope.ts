import type { PoolClient, QueryResult } from 'pg';
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
  /** The same, with statements that travel together with BEGIN and COMMIT and cost no round trip. */
  framed<T, Opening, Closing>(frame: Frame<T, Opening>): Promise<Framed<T, Closing>>;
}

/** Statements without parameters around a transaction. */
export interface Frame<T, Opening> {
  /** The first statement of the transaction, whose rows `fn` gets. */
  readonly opening: string;
  readonly fn: (rows: readonly Opening[]) => Promise<T>;
  /** The last statement of the transaction, made of numbers and names of ours only. */
  readonly last?: (value: T) => string;
  /** A statement after the COMMIT; it is not sent unless `fn` succeeded. */
  readonly closing: string;
}

export interface Framed<T, Closing> {
  readonly value: T;
  /** The rows of the closing statement. */
  readonly closing: readonly Closing[];
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
    return fn(scopeOf(runner, client));
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

function scopeOf(runner: QueryRunner, client: PoolClient): Scope {
  const query = async <Row>(text: string, parameters: readonly unknown[] = []): Promise<Row[]> =>
    (await runner.query(text, [...parameters])) as Row[];
  /** Several statements in one round trip; the rows of the last. */
  const script = async <Row>(...statements: readonly string[]): Promise<Row[]> => {
    const answer: QueryResult | QueryResult[] = await client.query(statements.join('; '));
    return ([answer].flat().at(-1)?.rows ?? []) as Row[];
  };
  const within = async <T>(
    begin: readonly string[],
    fn: (rows: never[]) => Promise<T>,
    end: (value: T) => readonly string[],
  ) => {
    try {
      const value = await fn(await script<never>(...begin));
      const closing = await script<never>(...end(value));
      return { value, closing };
    } catch (error) {
      await query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  };
  return {
    manager: runner.manager,
    query,
    transaction: async (fn) => (await within(['BEGIN'], fn, () => ['COMMIT'])).value,
    framed: ({ opening, fn, last, closing }) =>
      within(['BEGIN', opening], fn, (value) => [...(last ? [last(value)] : []), 'COMMIT', closing]),
  };
}
