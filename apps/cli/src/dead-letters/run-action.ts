import { setTimeout as delay } from 'node:timers/promises';
import {
  uuidV7,
  type DeadLetterAction,
  type DiscardDeadLetter,
  type ReplayDeadLetter,
} from '@spillway/contracts';
import { encodeEnvelope, ENVELOPE_TYPE } from '@spillway/contracts/server';
import { PublishError, writeQueue, type Publisher } from '@spillway/messaging';
import type { Pace } from '../load/pace.js';
import type { LetterFilter } from './filter.js';
import type { Letter, Letters } from './letters.js';

export interface ActionRequest {
  readonly action: DeadLetterAction['action'];
  readonly filter: LetterFilter;
  /** At most this many letters. */
  readonly limit: number;
  readonly who: string;
  readonly why: string;
  /** How long to wait for the writers once everything was asked for. */
  readonly waitMs: number;
  readonly pace: Pace;
  readonly signal: AbortSignal;
}

/** How far an action is. */
export interface ActionTally {
  matched: number;
  asked: number;
  done: number;
  unchanged: number;
  refused: number;
  /** Why it ended before all were asked for. */
  stopped?: string;
  /** The first of those that were refused. */
  readonly refusals: { readonly id: string; readonly detail: string }[];
}

export const newTally = (): ActionTally => ({
  matched: 0,
  asked: 0,
  done: 0,
  unchanged: 0,
  refused: 0,
  refusals: [],
});

export const pendingOf = ({ asked, done, unchanged, refused }: ActionTally): number =>
  asked - done - unchanged - refused;

const PAGE = 500;
const LOOK_MS = 200;
const REFUSALS_SHOWN = 20;
const LOWEST = '00000000-0000-0000-0000-000000000000';
/** Stands for the tenant of a letter that cannot be read. */
const NO_TENANT = '-';

/** The letters that are meant, oldest first: open ones, or those with the given ids whatever their state. */
export async function* meant(
  shards: readonly Letters[],
  { filter, limit }: Pick<ActionRequest, 'filter' | 'limit'>,
): AsyncGenerator<{ readonly letters: Letters; readonly letter: Letter }> {
  const state = filter.id ? undefined : 'open';
  let left = limit;
  for (const letters of shards) {
    const before = await letters.end();
    for (let after = LOWEST; left > 0;) {
      const page = await letters.next(filter, state, { after, before }, Math.min(PAGE, left));
      for (const letter of page) yield { letters, letter };
      left -= page.length;
      after = page.at(-1)?.id ?? after;
      if (page.length === 0) break;
    }
  }
}

/**
 * Asks the writers, one command a letter, and waits until they have carried it out. What a letter's
 * replay comes to is a matter of its own job. Stops at the first command that the broker does not take.
 */
export async function runAction(
  shards: readonly Letters[],
  publisher: Publisher,
  request: ActionRequest,
  tally: ActionTally,
): Promise<void> {
  const waiting = new Map<Letters, Set<string>>(shards.map((letters) => [letters, new Set()]));
  try {
    for await (const { letters, letter } of meant(shards, request)) {
      tally.matched++;
      await request.pace.turn(request.signal);
      request.signal.throwIfAborted();
      const ids = waiting.get(letters);
      ids?.add(await ask(publisher, letters.shard, letter, request));
      if (ids && ++tally.asked % PAGE === 0) await collect(letters, ids, tally);
    }
  } catch (error) {
    if (!(error instanceof PublishError) && !request.signal.aborted) throw error;
    tally.stopped = error instanceof PublishError ? error.message : 'interrupted';
  }
  const until = Date.now() + request.waitMs;
  for (const [letters, ids] of waiting) {
    while (ids.size > 0 && Date.now() < until && !request.signal.aborted) {
      await collect(letters, ids, tally);
      if (ids.size > 0) await delay(LOOK_MS);
    }
  }
}

async function ask(
  publisher: Publisher,
  shard: string,
  letter: Letter,
  { action, who, why }: ActionRequest,
): Promise<string> {
  const commandId = uuidV7();
  const command: ReplayDeadLetter | DiscardDeadLetter = {
    kind: `dead_letter.${action}`,
    commandId,
    postId: commandId,
    tenantId: letter.tenantId ?? NO_TENANT,
    actor: { sub: who, moderator: false },
    acceptedAt: Date.now(),
    letterId: letter.id,
    why,
    via: 'cli',
  };
  await publisher.publish({
    messageId: commandId,
    type: ENVELOPE_TYPE,
    routingKey: writeQueue(shard),
    body: encodeEnvelope([command]),
    posts: 0,
    timestamp: command.acceptedAt,
  });
  return commandId;
}

async function collect(letters: Letters, ids: Set<string>, tally: ActionTally): Promise<void> {
  const some = [...ids].slice(0, PAGE);
  for (const { actionId, letterId, result, detail } of await letters.ended(some)) {
    ids.delete(actionId);
    tally[result]++;
    if (result === 'refused' && tally.refusals.length < REFUSALS_SHOWN)
      tally.refusals.push({ id: letterId, detail: detail ?? '' });
  }
}
