import { types, type Connection, type Submittable } from 'pg';
import { encodeParameter } from './encode-parameter.js';

/** What one statement of a read found. */
export interface ReadResult {
  readonly rows: Record<string, unknown>[];
  /** True when the server was a replica when it answered. */
  readonly recovery: boolean;
  /** `pg_lsn` as text, read after the snapshot of the rows: a position there contains them all. */
  readonly lsn: string;
}

/**
 * Seen by one tenant, and read-only, until the implicit transaction ends. A replica refuses to write by
 * itself; on the primary this, the role's default and its grants do.
 */
const FENCE = `SELECT set_config('app.tenant', $1, true), set_config('transaction_read_only', 'on', true)`;
/** The flush position on a primary: the insert position can point past what a standby can ever reach. */
const SEEN = `SELECT r.recovery, CASE WHEN r.recovery THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_flush_lsn() END
  FROM (SELECT pg_is_in_recovery() AS recovery) r`;

type Step = 'fence' | 'read' | 'seen';
const NEXT: Readonly<Record<Step, Step>> = { fence: 'read', read: 'seen', seen: 'seen' };

interface Field {
  readonly name: string;
  readonly dataTypeID: number;
}

/**
 * A read of one tenant in one round trip: three unnamed statements before a single Sync are one implicit
 * transaction ("Extended Query", PostgreSQL manual 55.2.3), so the setting of the tenant holds for the
 * read behind it and for nothing else, on whichever session a pooler picks.
 */
export class ReadStatement implements Submittable {
  private step: Step = 'fence';
  private readonly rows: Record<string, unknown>[] = [];
  private fields: readonly Field[] = [];
  private parsers: readonly ((text: string) => unknown)[] = [];
  private seen: readonly (string | null)[] = [];
  private failed: Error | undefined;
  private readonly values: (string | Buffer | null)[];

  /**
   * `callback` may be wrapped by whoever traces the driver, and `text` is what it shows.
   * @throws TypeError when a parameter has no text.
   */
  constructor(
    private readonly tenant: string,
    readonly text: string,
    parameters: readonly unknown[],
    public callback: (error: Error | null, result?: ReadResult) => void,
  ) {
    this.values = parameters.map(encodeParameter);
  }

  readonly submit = (connection: Connection): void => {
    const { stream } = connection;
    stream.cork();
    try {
      send(connection, FENCE, [this.tenant]);
      send(connection, this.text, this.values, () => connection.describe({ type: 'P' }, true));
      send(connection, SEEN, []);
      connection.sync();
    } finally {
      stream.uncork();
    }
  };

  handleRowDescription({ fields }: { readonly fields: readonly Field[] }): void {
    this.fields = fields;
    this.parsers = fields.map(({ dataTypeID }) => parserOf(dataTypeID));
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    if (this.step === 'seen') this.seen = fields;
    if (this.step === 'read' && !this.failed) this.rows.push(this.rowOf(fields));
  }

  handleCommandComplete(): void {
    this.step = NEXT[this.step];
  }

  handleEmptyQuery(): void {
    this.step = NEXT[this.step];
  }

  handleError(error: Error): void {
    this.callback(error);
  }

  handleReadyForQuery(): void {
    const [recovery, lsn] = this.seen;
    if (this.failed) this.callback(this.failed);
    else if (typeof lsn !== 'string') this.callback(new Error('the server told no position'));
    else this.callback(null, { rows: this.rows, recovery: recovery === 't', lsn });
  }

  private rowOf(values: readonly (string | null)[]): Record<string, unknown> {
    const row: Record<string, unknown> = {};
    try {
      for (const [i, { name }] of this.fields.entries()) {
        const value = values[i] ?? null;
        row[name] = value === null ? null : this.parsers[i]?.(value);
      }
    } catch (error) {
      this.failed = error instanceof Error ? error : new Error(String(error));
    }
    return row;
  }
}

/** The driver's own, which its types leave open. */
const parserOf = (type: number) => types.getTypeParser(type, 'text') as (text: string) => unknown;

function send(
  connection: Connection,
  text: string,
  values: (string | Buffer | null)[],
  describe?: () => void,
): void {
  connection.parse({ name: '', text, types: [] }, true);
  connection.bind({ values }, true);
  describe?.();
  connection.execute({}, true);
}
