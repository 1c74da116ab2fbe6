import { Pool, type PoolClient } from 'pg';
import type { DataSource, EntityTarget, ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { lsnFromPostgres, type Position } from '@spillway/contracts';
import { DatabaseUnavailable } from '../database-error.js';
import { destroyConnection, type DatabaseNode } from '../node.js';
import { NODE_POSITION, positionIn, type NodePositionRow } from '../position.js';
import { ReadRunner } from './read-runner.js';
import { ReadStatement, type ReadResult } from './read-statement.js';

/**
 * One connection of one node, lent for reading what belongs to one tenant. Each statement is one round
 * trip and has a snapshot of its own, none older than the one before.
 */
export interface ReadScope {
  /** TypeORM's builder; what it builds is sent like `query`. */
  select<E extends ObjectLiteral>(entity: EntityTarget<E>, alias: string): SelectQueryBuilder<E>;
  /** Rows as the database names them. Parameters are text, numbers, booleans, dates or lists of them. */
  query<Row>(text: string, parameters?: readonly unknown[]): Promise<Row[]>;
  /** A position that contains everything read in this scope; it came with the last rows. */
  seenPosition(): Promise<Position>;
}

/**
 * Lends a connection of `node`, chosen for what it was, to `fn` and takes it back whatever happens. After `deadlineMs` the
 * connection is destroyed rather than returned.
 * @throws DatabaseUnavailable when there is no connection, or none in time.
 */
export async function withReadScope<T>(
  node: DatabaseNode,
  as: 'primary' | 'replica',
  tenant: string,
  deadlineMs: number,
  fn: (scope: ReadScope) => Promise<T>,
): Promise<T> {
  const startedAt = performance.now();
  node.inFlight++;
  let client: PoolClient | undefined;
  let timer: NodeJS.Timeout | undefined;
  let forget = (): void => undefined;
  const late = new Promise<never>((_, reject) => {
    const giveUp = (why: string): void => {
      const error = new DatabaseUnavailable('timeout', `${node.options.name} ${why}`);
      // Released with its error it leaves the pool, and whoever waits on it is told.
      if (client) destroyConnection(client);
      reject(error);
    };
    timer = setTimeout(() => giveUp(`did not answer within ${deadlineMs} ms`), deadlineMs);
    // There is nobody to go to from a primary.
    if (as === 'replica') forget = node.onSilence(() => giveUp('has fallen silent'));
  });
  let broken: Error | undefined;
  const noted = (error: Error): void => {
    broken = error;
  };
  const work = async (): Promise<T> => {
    const source = await node.dataSource();
    const taken = await poolOf(source).connect();
    if (broken) {
      taken.release();
      throw broken;
    }
    client = taken.on('error', noted);
    return fn(scopeOf(node, as, source, client, tenant));
  };
  try {
    return await Promise.race([work(), late]);
  } catch (error) {
    if (error instanceof DatabaseUnavailable) broken ??= error;
    throw error;
  } finally {
    clearTimeout(timer);
    forget();
    client?.off('error', noted);
    client?.release(broken);
    node.inFlight--;
    node.latencyMs = node.latencyMs * 0.9 + (performance.now() - startedAt) * 0.1;
  }
}

function scopeOf(
  node: DatabaseNode,
  lentAs: 'primary' | 'replica',
  source: DataSource,
  client: PoolClient,
  tenant: string,
): ReadScope {
  let last: ReadResult | undefined;
  const ask = async (text: string, parameters: readonly unknown[]): Promise<Record<string, unknown>[]> => {
    last = await send(client, tenant, text, parameters);
    // A primary that was demoted since its poll may be behind: what must be fresh is not read there.
    if (lentAs === 'primary' && last.recovery)
      throw new DatabaseUnavailable('no_primary', `${node.options.name} is a replica now`);
    return last.rows;
  };
  let runner: ReadRunner | undefined;
  return {
    select: (entity, alias) =>
      source.createQueryBuilder(entity, alias, (runner ??= new ReadRunner(driverOf(source), ask))),
    query: async <Row>(text: string, parameters: readonly unknown[] = []) =>
      (await ask(text, parameters)) as Row[],
    seenPosition: async () => {
      const { shard } = node.options;
      const timeline = node.position?.timeline;
      if (last && timeline !== undefined && last.recovery === (node.role === 'replica'))
        return { shard, timeline, lsn: lsnFromPostgres(last.lsn) };
      // Nothing was read yet, or the node has another role than when it was polled: ask in full.
      const { rows } = await client.query<NodePositionRow>(NODE_POSITION);
      return positionIn(rows, shard);
    },
  };
}

function send(
  client: PoolClient,
  tenant: string,
  text: string,
  parameters: readonly unknown[],
): Promise<ReadResult> {
  return new Promise((resolve, reject) => {
    const answered = (error: Error | null, result?: ReadResult): void => {
      if (result) resolve(result);
      else reject(error ?? new Error('the driver answered nothing'));
    };
    client.query(new ReadStatement(tenant, text, parameters, answered));
  });
}

function driverOf(source: DataSource): PostgresDriver {
  if (source.driver instanceof PostgresDriver) return source.driver;
  throw new Error('the data source is not of Postgres');
}

/** The pool that TypeORM keeps. */
function poolOf(source: DataSource): Pool {
  const pool: unknown = driverOf(source).master;
  if (pool instanceof Pool) return pool;
  throw new Error('TypeORM keeps no pool of pg');
}
