import { QueryResult } from 'typeorm/query-runner/QueryResult.js';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { PostgresQueryRunner } from 'typeorm/driver/postgres/PostgresQueryRunner.js';

/** Sends one statement and returns its rows. */
export type Ask = (text: string, parameters: readonly unknown[]) => Promise<Record<string, unknown>[]>;

/** Lets TypeORM's query builders read through a scope: what they build is sent by `ask`. */
export class ReadRunner extends PostgresQueryRunner {
  constructor(
    driver: PostgresDriver,
    private readonly ask: Ask,
  ) {
    super(driver, 'slave');
  }

  override query(
    text: string,
    parameters: readonly unknown[] | undefined,
    useStructuredResult: true,
  ): Promise<QueryResult<Record<string, unknown>>>;
  override query(
    text: string,
    parameters?: readonly unknown[],
    useStructuredResult?: boolean,
  ): Promise<unknown>;
  override async query(
    text: string,
    parameters: readonly unknown[] = [],
    useStructuredResult = false,
  ): Promise<unknown> {
    const rows = await this.ask(text, parameters);
    if (!useStructuredResult) return rows;
    const result = new QueryResult<Record<string, unknown>>();
    result.records = rows;
    result.raw = rows;
    result.affected = rows.length;
    return result;
  }

  /** The scope holds the connection; this runner has none to give. */
  override connect(): Promise<never> {
    return Promise.reject(new Error('a scope for reading lends no connection: use its select or query'));
  }
}
