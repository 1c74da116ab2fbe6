import { createHash } from 'node:crypto';
import { ERROR_CODES, isUuid, uuidFromBytes, type ErrorCode } from '@spillway/contracts';
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
    WHERE command_outcomes.outcome IN ('parked', 'discarded') AND excluded.outcome <> 'parked'`;

const KEEP_DEAD_LETTERS = `
  INSERT INTO dead_letters (message_id, ordinal, tenant_id, command_id, post_id, reason, attempts, payload)
  SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::uuid[], $5::uuid[], $6::text[], $7::int[], $8::bytea[])
  ON CONFLICT (message_id, ordinal) DO NOTHING`;

/** Records what the posts' rows cannot tell: rejected and parked commands. Part of the batch's transaction. */
export async function recordOutcomes(
  scope: Scope,
  entries: readonly BatchEntry[],
  outcomes: readonly Outcome[],
): Promise<void> {
  const rows = new Map<string, readonly [CommandRef, 'rejected' | 'parked', ErrorCode | null, string]>();
  entries.forEach((entry, index) => {
    const ref = refOf(entry);
    const outcome = outcomes[index];
    if (!ref || !outcome) return;
    const key = `${ref.tenantId} ${ref.commandId}`;
    if (outcome.result === 'rejected') rows.set(key, [ref, 'rejected', outcome.code, detailOf(outcome.code)]);
    if (outcome.result === 'parked' && !rows.has(key)) rows.set(key, [ref, 'parked', null, outcome.reason]);
  });
  if (rows.size === 0) return;
  const list = [...rows.values()];
  await scope.query(RECORD_OUTCOMES, [
    list.map(([ref]) => ref.tenantId),
    list.map(([ref]) => ref.commandId),
    list.map(([, outcome]) => outcome),
    list.map(([, , code]) => code),
    list.map(([, , , detail]) => detail),
    list.map(([ref]) => ref.postId),
  ]);
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
    letters.map(({ entry }) => entry.body),
  ]);
}

/** A message without an id that is a UUID is known by its bytes, so that keeping it twice keeps it once. */
const idOf = ({ messageId, body }: BatchEntry): string =>
  messageId !== undefined && isUuid(messageId)
    ? messageId
    : uuidFromBytes(createHash('sha256').update(body).digest().subarray(0, 16));
