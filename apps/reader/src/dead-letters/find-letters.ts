import { uuidV7Floor, type DeadLetter, type DeadLetterDetail } from '@spillway/contracts';
import { DeadLetterActionEntity, DeadLetterEntity, type ReadScope } from '@spillway/database/read';

export interface LetterFilter {
  readonly tenant: string;
  readonly state: string;
  readonly reason?: string;
  /** Unix milliseconds, inclusive. */
  readonly sinceMs?: number;
  /** Unix milliseconds, exclusive. */
  readonly untilMs?: number;
}

/** The newest `limit` letters with an id below `before`, newest first. The id holds the time. */
export function findLetters(
  scope: ReadScope,
  { tenant, state, reason, sinceMs, untilMs }: LetterFilter,
  before: string | undefined,
  limit: number,
): Promise<DeadLetterEntity[]> {
  const query = scope
    .select(DeadLetterEntity, 'letter')
    .where('letter.tenantId = :tenant AND letter.state = :state', { tenant, state });
  if (reason !== undefined) query.andWhere('letter.reason = :reason', { reason });
  if (sinceMs !== undefined) query.andWhere('letter.id >= :low', { low: uuidV7Floor(sinceMs) });
  if (untilMs !== undefined) query.andWhere('letter.id < :high', { high: uuidV7Floor(untilMs) });
  if (before !== undefined) query.andWhere('letter.id < :before', { before });
  return query.orderBy('letter.id', 'DESC').limit(limit).getMany();
}

/** One letter with what was done about it, oldest action first. */
export async function findLetter(
  scope: ReadScope,
  tenant: string,
  id: string,
): Promise<{ readonly letter: DeadLetterEntity; readonly actions: DeadLetterActionEntity[] } | null> {
  const letter = await scope
    .select(DeadLetterEntity, 'letter')
    .where('letter.tenantId = :tenant AND letter.id = :id', { tenant, id })
    .getOne();
  if (!letter) return null;
  const actions = await scope
    .select(DeadLetterActionEntity, 'action')
    .where('action.tenantId = :tenant AND action.letterId = :id', { tenant, id })
    .orderBy('action.at')
    .addOrderBy('action.actionId')
    .limit(ACTIONS_MAX)
    .getMany();
  return { letter, actions };
}

/** Nobody acts on one letter this often; a script in a circle shall not make answers large. */
const ACTIONS_MAX = 100;

export const presentLetter = (row: DeadLetterEntity): DeadLetter => ({
  id: row.id,
  state: row.state,
  reason: row.reason,
  attempts: row.attempts,
  kind: row.kind,
  commandId: row.commandId,
  postId: row.postId,
  createdAt: row.at.toISOString(),
  resolvedAt: row.resolvedAt?.toISOString() ?? null,
});

export const presentDetail = (
  letter: DeadLetterEntity,
  actions: readonly DeadLetterActionEntity[],
): DeadLetterDetail => ({
  ...presentLetter(letter),
  actions: actions.map(({ action, actor, via, why, at, result, detail, endedAt }) => ({
    action,
    who: actor,
    via,
    why,
    at: at.toISOString(),
    result,
    detail,
    endedAt: endedAt?.toISOString() ?? null,
  })),
});
