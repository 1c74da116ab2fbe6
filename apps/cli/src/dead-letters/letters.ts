import type { DeadLetterAction, DeadLetterState } from '@spillway/contracts';
import type { Router } from '@spillway/database';
import type { LetterFilter } from './filter.js';

/** A dead letter without its message. */
export interface Letter {
  readonly id: string;
  readonly tenantId: string | null;
  readonly commandId: string | null;
  readonly postId: string | null;
  readonly kind: string | null;
  readonly reason: string;
  readonly attempts: number;
  readonly state: DeadLetterState;
  readonly at: Date;
  readonly resolvedAt: Date | null;
  readonly messageId: string;
  readonly ordinal: number;
  readonly bytes: number;
}

export interface RecordedAction extends Omit<DeadLetterAction, 'at' | 'endedAt'> {
  readonly at: Date;
  readonly endedAt: Date | null;
}

/** What became of an action. */
export interface Ended {
  readonly actionId: string;
  readonly letterId: string;
  readonly result: Exclude<DeadLetterAction['result'], 'requested'>;
  readonly detail: string | null;
}

const COLUMNS = `id, tenant_id AS "tenantId", command_id AS "commandId", post_id AS "postId", kind, reason, attempts, state, at,
  resolved_at AS "resolvedAt", message_id AS "messageId", ordinal, octet_length(payload) AS bytes`;

const WHERE = `($1::text IS NULL OR tenant_id = $1) AND ($2::text IS NULL OR reason = $2) AND ($3::text IS NULL OR state = $3)
  AND ($4::float8 IS NULL OR at < clock_timestamp() - make_interval(secs => $4))
  AND ($5::float8 IS NULL OR at > clock_timestamp() - make_interval(secs => $5))
  AND ($6::uuid[] IS NULL OR id = ANY($6))`;

const parametersOf = (filter: LetterFilter, state: DeadLetterState | undefined): unknown[] => [
  filter.tenant ?? null,
  filter.reason ?? null,
  state ?? null,
  filter.olderThan === undefined ? null : filter.olderThan / 1_000,
  filter.newerThan === undefined ? null : filter.newerThan / 1_000,
  filter.id ?? null,
];

/** Reads the dead letters of one shard. Nothing here can change anything: the role may not. */
export class Letters {
  constructor(
    private readonly router: Router,
    readonly shard: string,
  ) {}

  /** The newest ones. */
  newest(filter: LetterFilter, state: DeadLetterState | undefined, limit: number): Promise<Letter[]> {
    const text = `SELECT ${COLUMNS} FROM dead_letters WHERE ${WHERE} ORDER BY id DESC LIMIT $7`;
    return this.query<Letter>(text, [...parametersOf(filter, state), limit]);
  }

  /** The oldest ones after `after`, and before `before`. */
  next(
    filter: LetterFilter,
    state: DeadLetterState | undefined,
    range: { readonly after: string; readonly before: string },
    limit: number,
  ): Promise<Letter[]> {
    const text = `SELECT ${COLUMNS} FROM dead_letters WHERE ${WHERE} AND id > $7 AND id < $8 ORDER BY id LIMIT $9`;
    return this.query<Letter>(text, [...parametersOf(filter, state), range.after, range.before, limit]);
  }

  /** An id above every letter there is: what is put aside from now on is not meant. */
  async end(): Promise<string> {
    const [row] = await this.query<{ readonly id: string }>(
      `SELECT uuid7_floor(clock_timestamp() + interval '1 millisecond') AS id`,
      [],
    );
    if (!row) throw new Error('the database told no time');
    return row.id;
  }

  async payloadOf(id: string): Promise<Buffer | undefined> {
    const [row] = await this.query<{ readonly payload: Buffer }>(
      'SELECT payload FROM dead_letters WHERE id = $1',
      [id],
    );
    return row?.payload;
  }

  /** Oldest first. */
  actionsOf(id: string): Promise<RecordedAction[]> {
    return this.query<RecordedAction>(
      `SELECT action, actor AS who, via, why, at, result, detail, ended_at AS "endedAt"
       FROM dead_letter_actions WHERE letter_id = $1 ORDER BY at, action_id`,
      [id],
    );
  }

  /** Those of these actions that have come to an end. */
  ended(actionIds: readonly string[]): Promise<Ended[]> {
    return this.query<Ended>(
      `SELECT action_id AS "actionId", letter_id AS "letterId", result, detail
       FROM dead_letter_actions WHERE action_id = ANY($1::uuid[]) AND result <> 'requested'`,
      [actionIds],
    );
  }

  private query<Row>(text: string, parameters: readonly unknown[]): Promise<Row[]> {
    return this.router.onPrimary(this.shard, (scope) => scope.query<Row>(text, parameters));
  }
}
