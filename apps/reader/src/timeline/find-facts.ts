import { uuidV7Floor, type DeadLetterDetail } from '@spillway/contracts';
import type { Ticket } from '@spillway/contracts/server';
import { DeadLetterEntity, type ReadScope, type StoredOutcome } from '@spillway/database/read';
import { findLetter, presentDetail } from '../dead-letters/find-letters.js';

/** A row that the command wrote, and the transaction that wrote it. */
interface Written {
  readonly at: string;
  /** The lower half of the transaction's number. */
  readonly xmin: string;
}

export interface OutcomeRow extends Written {
  readonly outcome: StoredOutcome;
  readonly code: string | null;
  readonly detail: string | null;
}

export interface PostRow extends Written {
  readonly command_id: string;
  readonly trace_id: string | null;
  readonly content_version: string;
  readonly tags_version: string;
  readonly deleted_by: string | null;
}

export interface BatchRow {
  readonly xid: string;
  readonly writer: string;
  readonly lane: 'write' | 'bulk';
  readonly attempt: number;
  readonly held: string | null;
  readonly started_at: string;
  readonly applied_at: string;
  readonly committed_at: string | null;
  readonly timeline: number | null;
  readonly lsn: string | null;
}

/** From and until, as the database has it. */
export interface Span {
  readonly from: string;
  readonly until: string;
}

export interface Facts {
  readonly outcome: OutcomeRow | null;
  /** The row that the command created, whatever became of it. */
  readonly post: PostRow | null;
  readonly batch: BatchRow | null;
  readonly visible: readonly { readonly replica: string; readonly at: string }[];
  readonly letters: readonly DeadLetterDetail[];
  readonly changedAt: ReadonlyMap<string, string>;
  /** When batches were held because the database did not take them. */
  readonly held: readonly Span[];
  /** When writers were at work. */
  readonly runs: readonly Span[];
}

const UTC = (column: string): string =>
  `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const OUTCOME = `SELECT outcome, code, detail, ${UTC('at')} AS at, xmin::text AS xmin
  FROM command_outcomes WHERE tenant_id = $1 AND command_id = $2`;
const POST = `SELECT command_id, trace_id, content_version, tags_version, deleted_by, ${UTC('stored_at')} AS at, xmin::text AS xmin
  FROM posts WHERE tenant_id = $1 AND id = $2`;
/** A transaction ends at most 20 s after its rows were made. A row that was changed since is told by the feed. */
const BATCH = `SELECT b.xid::text AS xid, b.writer, b.lane, b.attempt::int AS attempt, b.held, ${UTC('b.started_at')} AS started_at,
    ${UTC('b.applied_at')} AS applied_at, ${UTC('b.committed_at')} AS committed_at, b.timeline, b.lsn::text AS lsn
  FROM batches b
  WHERE b.applied_at >= $1::timestamptz AND b.applied_at < $1::timestamptz + interval '30 seconds'
    AND (b.xid::text::numeric % 4294967296 = $2::numeric
      OR EXISTS (SELECT FROM post_changes c WHERE c.tenant_id = $3 AND c.xid = b.xid AND c.post_id = $4 AND c.created))
  ORDER BY b.applied_at LIMIT 1`;
const VISIBLE = `SELECT replica, ${UTC('min(at)')} AS at FROM replica_progress
  WHERE timeline = $1 AND lsn >= $2::pg_lsn AND at >= $3::timestamptz AND at < $3::timestamptz + interval '1 hour'
  GROUP BY replica ORDER BY replica LIMIT 20`;
const CHANGED_AT = `SELECT command_id, ${UTC('at')} AS at FROM command_outcomes WHERE tenant_id = $1 AND command_id = ANY($2::uuid[])`;
const HELD = `SELECT ${UTC('started_at')} AS from, ${UTC('applied_at')} AS until FROM batches
  WHERE held IS NOT NULL AND applied_at >= $1::timestamptz AND started_at <= $2::timestamptz ORDER BY started_at LIMIT 1000`;
const RUNS = `SELECT ${UTC('started_at')} AS from, ${UTC('seen_at')} AS until FROM writer_runs
  WHERE seen_at >= $1::timestamptz - interval '10 seconds' AND started_at <= $2::timestamptz ORDER BY started_at LIMIT 1000`;

const LETTERS_MAX = 20;

/** Everything that is stored about a command of a tenant. */
export async function findFacts(
  scope: ReadScope,
  tenant: string,
  ticket: Ticket,
  now: number,
): Promise<Facts> {
  const { commandId, postId, kind, issuedAt } = ticket;
  const [outcome = null] = await scope.query<OutcomeRow>(OUTCOME, [tenant, commandId]);
  const [row] = kind === 'create' ? await scope.query<PostRow>(POST, [tenant, postId]) : [];
  const post = row?.command_id === commandId ? row : null;
  const letters = await findLetters(scope, tenant, ticket);
  // What is only parked was put aside, not carried out.
  const written = post ?? (outcome?.outcome === 'parked' ? null : outcome);
  const [batch = null] = written
    ? await scope.query<BatchRow>(BATCH, [written.at, written.xmin, tenant, post ? postId : NOBODY])
    : [];
  const {
    timeline,
    lsn,
    committed_at: committedAt,
  } = batch ?? { timeline: null, lsn: null, committed_at: null };
  const visible =
    timeline !== null && lsn !== null && committedAt !== null
      ? await scope.query<{ replica: string; at: string }>(VISIBLE, [timeline, lsn, committedAt])
      : [];
  const versions = post ? [post.content_version, post.tags_version, post.deleted_by ?? NOBODY] : [];
  const changed = await scope.query<{ command_id: string; at: string }>(CHANGED_AT, [tenant, versions]);
  const waiting = [new Date(issuedAt), batch?.started_at ?? new Date(now)];
  return {
    outcome,
    post,
    batch,
    visible,
    letters,
    changedAt: new Map(changed.map(({ command_id, at }) => [command_id, at])),
    held: await scope.query<Span>(HELD, waiting),
    runs: await scope.query<Span>(RUNS, waiting),
  };
}

const NOBODY = '00000000-0000-0000-0000-000000000000';

async function findLetters(
  scope: ReadScope,
  tenant: string,
  { commandId, issuedAt }: Ticket,
): Promise<DeadLetterDetail[]> {
  const letters = await scope
    .select(DeadLetterEntity, 'letter')
    .where('letter.tenantId = :tenant AND letter.id >= :low AND letter.commandId = :commandId', {
      tenant,
      // A minute for clocks that differ.
      low: uuidV7Floor(issuedAt - 60_000),
      commandId,
    })
    .orderBy('letter.id')
    .limit(LETTERS_MAX)
    .getMany();
  const details: DeadLetterDetail[] = [];
  for (const { id } of letters) {
    const found = await findLetter(scope, tenant, id);
    if (found) details.push(presentDetail(found.letter, found.actions));
  }
  return details;
}
