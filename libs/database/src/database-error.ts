/** No node can do it now; nothing is known to have happened. Trying again later is right. */
export class DatabaseUnavailable extends Error {
  constructor(
    readonly why: 'no_primary' | 'no_replica' | 'budget' | 'position' | 'timeout' | 'too_slow' | 'connection',
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'DatabaseUnavailable';
  }
}

/** What an SQLSTATE means for whoever sent the statement. */
export type SqlFailure = 'transient' | 'partition' | 'data' | 'read_only' | 'other';

const TRANSIENT = /^(40001|40P01|55P03|57P0.|57014|08...|53...|25P03)$/;
const DATA = /^(22|23)...$/;
/** Tables that hold nothing a client sent: what violates them is never the fault of a command. */
const BOOKKEEPING =
  /^(batches|ledger|ledger_accepted|writer_runs|replica_progress|feed_cursors|feed_timelines|post_changes(_\w+)?)$/;

/** SQLSTATE of a driver error, or undefined when it is not one of the server's. */
export function sqlState(error: unknown): string | undefined {
  const code: unknown = driverError(error)['code'];
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/**
 * Sorts a failure (PostgreSQL manual, Appendix A). A 23514 that names no constraint is a missing
 * partition; errors without an SQLSTATE are sockets, pools and time-outs, so transient. A violation in
 * tables of our own bookkeeping is `other`.
 */
export function classifySqlError(error: unknown): SqlFailure {
  if (error instanceof DatabaseUnavailable) return 'transient';
  const state = sqlState(error);
  if (state === undefined) return isConnectionError(error) ? 'transient' : 'other';
  if (state === '25006') return 'read_only';
  if (state === '23514' && !driverError(error)['constraint']) return 'partition';
  if (TRANSIENT.test(state)) return 'transient';
  return DATA.test(state) && !isBookkeeping(driverError(error)['table']) ? 'data' : 'other';
}

const isBookkeeping = (table: unknown): boolean => typeof table === 'string' && BOOKKEEPING.test(table);

function isConnectionError(error: unknown): boolean {
  const { code, message } = driverError(error);
  return (
    (typeof code === 'string' && /^(E[A-Z]+|ERR_.*)$/.test(code)) ||
    (typeof message === 'string' &&
      /connection|timeout|terminated|query runner already released|not queryable|socket|pooler|calling end on the pool|server_login|query_wait/i.test(
        message,
      ))
  );
}

function driverError(error: unknown): Record<string, unknown> {
  const wrapped = (error as { driverError?: unknown } | null)?.driverError ?? error;
  return typeof wrapped === 'object' && wrapped !== null ? (wrapped as Record<string, unknown>) : {};
}
