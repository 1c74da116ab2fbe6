import { createHash } from 'node:crypto';
import { ERROR_CODES, isUuid, uuidFromBytes, type ErrorCode } from '@spillway/contracts';
import { splitEnvelope } from '@spillway/contracts/server';
import type { Scope } from '@spillway/database';
import type { BatchEntry, Outcome } from '@spillway/messaging';

/** Names a command without carrying it out. */
export interface CommandRef {
  readonly tenantId: string;
  readonly commandId: string;
  readonly postId: string;
}

/** The command an entry is about, or null when the message does not even say that. */
export function refOf({ decoded }: BatchEntry): CommandRef | null {
  if (decoded.as === 'valid') return decoded.command;
  const { tenantId, commandId, postId } = decoded;
  return tenantId && commandId && postId ? { tenantId, commandId, postId } : null;
}

export const detailOf = (code: ErrorCode): string => ERROR_CODES[code].title;

/** The first final outcome stands; only what is parked or discarded may still change. */
const RECORD_OUTCOMES = `
  INSERT INTO command_outcomes (tenant_id, command_id, outcome, code, detail, post_id)
  SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[])
    AS g(tenant_id, command_id, outcome, code, detail, post_id)
  ORDER BY tenant_id COLLATE "C", command_id
  ON CONFLICT (tenant_id, command_id) DO UPDATE
    SET outcome = excluded.outcome, code = excluded.code, detail = excluded.detail, at = clock_timestamp()
    WHERE command_outcomes.outcome IN ('parked', 'discarded') AND excluded.outcome <> 'parked'
  RETURNING tenant_id, command_id`;

const KEEP_DEAD_LETTERS = `
  INSERT INTO dead_letters (message_id, ordinal, tenant_id, command_id, post_id, reason, attempts, payload, kind)
  SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::uuid[], $5::uuid[], $6::text[], $7::int[], $8::bytea[], $9::text[])
  ON CONFLICT (message_id, ordinal) DO NOTHING`;

interface KeyRow {
  readonly tenant_id: string;
  readonly command_id: string;
}

/** Tells commands apart in maps and sets. */
export const commandKey = (tenantId: string, commandId: string): string => `${tenantId} ${commandId}`;

type RecordedOutcome = 'completed' | 'superseded' | 'rejected' | 'alias' | 'parked';

interface OutcomeRow {
  readonly outcome: RecordedOutcome;
  readonly code: ErrorCode | null;
  readonly detail: string | null;
  /** The post the job answers with. */
  readonly postId: string;
}

/** What is recorded of an outcome: for a create only what its row cannot tell, for the rest every final one. */
function rowOf(entry: BatchEntry, ref: CommandRef, outcome: Outcome): OutcomeRow | null {
  const plain = { code: null, detail: null, postId: ref.postId };
  const create = entry.decoded.as === 'valid' && entry.decoded.command.kind === 'post.create';
  switch (outcome.result) {
    case 'rejected':
      return { ...plain, outcome: 'rejected', code: outcome.code, detail: detailOf(outcome.code) };
    case 'parked':
      return { ...plain, outcome: 'parked', detail: outcome.reason };
    case 'alias':
      return { ...plain, outcome: 'alias', postId: outcome.postId };
    case 'committed':
      return create ? null : { ...plain, outcome: 'completed' };
    case 'superseded':
      return { ...plain, outcome: 'superseded' };
    default:
      return null;
  }
}

/**
 * Records how commands ended. Part of the batch's transaction.
 * @returns the keys (`commandKey`) of those it recorded; of the others an outcome stood before.
 */
export async function recordOutcomes(
  scope: Scope,
  entries: readonly BatchEntry[],
  outcomes: readonly Outcome[],
): Promise<ReadonlySet<string>> {
  const rows = new Map<string, { readonly ref: CommandRef; readonly row: OutcomeRow }>();
  entries.forEach((entry, index) => {
    const ref = refOf(entry);
    const outcome = outcomes[index];
    const row = ref && outcome ? rowOf(entry, ref, outcome) : null;
    if (!ref || !row) return;
    const key = commandKey(ref.tenantId, ref.commandId);
    if (row.outcome !== 'parked' || !rows.has(key)) rows.set(key, { ref, row });
  });
  if (rows.size === 0) return new Set();
  const list = [...rows.values()];
  const recorded = await scope.query<KeyRow>(RECORD_OUTCOMES, [
    list.map(({ ref }) => ref.tenantId),
    list.map(({ ref }) => ref.commandId),
    list.map(({ row }) => row.outcome),
    list.map(({ row }) => row.code),
    list.map(({ row }) => row.detail),
    list.map(({ row }) => row.postId),
  ]);
  return new Set(recorded.map((row) => commandKey(row.tenant_id, row.command_id)));
}

const FIND_OUTCOMES = `
  SELECT o.tenant_id, o.command_id, o.outcome, o.code
  FROM unnest($1::text[], $2::uuid[]) AS g(tenant_id, command_id)
  JOIN command_outcomes o ON o.tenant_id = g.tenant_id AND o.command_id = g.command_id
  WHERE o.outcome IN ('completed', 'superseded', 'rejected')`;

/** The final outcomes already recorded for these commands, by tenant and command id: they stand. */
export async function findOutcomes(
  scope: Scope,
  commands: readonly { readonly tenantId: string; readonly commandId: string }[],
): Promise<ReadonlyMap<string, Outcome>> {
  const rows = await scope.query<
    KeyRow & {
      readonly outcome: 'completed' | 'superseded' | 'rejected';
      readonly code: ErrorCode | null;
    }
  >(FIND_OUTCOMES, [commands.map((c) => c.tenantId), commands.map((c) => c.commandId)]);
  return new Map(
    rows.map(({ tenant_id, command_id, outcome, code }): [string, Outcome] => [
      commandKey(tenant_id, command_id),
      outcome === 'completed'
        ? { result: 'duplicate' }
        : outcome === 'superseded'
          ? { result: 'superseded' }
          : { result: 'rejected', code: code ?? 'invalid_command' },
    ]),
  );
}

/** Keeps commands that cannot be carried out now or could not be read, for people to look at and replay. */
export async function keepDeadLetters(
  scope: Scope,
  letters: readonly { readonly entry: BatchEntry; readonly reason: string }[],
): Promise<void> {
  if (letters.length === 0) return;
  const refs = letters.map(({ entry }) => refOf(entry));
  await scope.query(KEEP_DEAD_LETTERS, [
    letters.map(({ entry }) => idOf(entry)),
    letters.map(({ entry }) => entry.ordinal),
    refs.map((ref) => ref?.tenantId ?? null),
    refs.map((ref) => ref?.commandId ?? null),
    refs.map((ref) => ref?.postId ?? null),
    letters.map(({ reason }) => reason),
    letters.map(({ entry }) => entry.death?.count ?? 0),
    payloadsOf(letters.map(({ entry }) => entry)),
    letters.map(({ entry }) => kindOf(entry)),
  ]);
}

/** Of a message with several commands, which may be of several tenants, each letter keeps its own alone. */
function payloadsOf(entries: readonly BatchEntry[]): Uint8Array[] {
  const split = new Map<BatchEntry['body'], readonly Buffer[]>();
  return entries.map(({ body, ordinal }) => {
    const commands = split.get(body) ?? splitEnvelope(body);
    split.set(body, commands);
    // A body of one is kept byte for byte, whatever is in it.
    return commands.length > 1 ? (commands[ordinal] ?? body) : body;
  });
}

const KIND_FORM = /^[a-z][a-z._]{0,39}$/;

/** What the command calls itself, known or not, as far as it is a name at all. */
function kindOf({ decoded }: BatchEntry): string | null {
  if (decoded.as === 'valid') return decoded.command.kind;
  const { raw } = decoded;
  const kind = typeof raw === 'object' && raw !== null && 'kind' in raw ? raw.kind : undefined;
  return typeof kind === 'string' && KIND_FORM.test(kind) ? kind : null;
}

/** A message without an id that is a UUID is known by its bytes, so that keeping it twice keeps it once. */
const idOf = ({ messageId, body }: BatchEntry): string =>
  messageId !== undefined && isUuid(messageId)
    ? messageId
    : uuidFromBytes(createHash('sha256').update(body).digest().subarray(0, 16));
