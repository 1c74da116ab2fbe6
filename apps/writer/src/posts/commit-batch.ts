import {
  COMMAND_KINDS,
  uuidV7Time,
  type Command,
  type CommandKind,
  type Position,
} from '@spillway/contracts';
import { processClock } from '@spillway/contracts/server';
import { NODE_POSITION, positionIn, type NodePositionRow, type Router, type Scope } from '@spillway/database';
import type { BatchEntry, Outcome } from '@spillway/messaging';
import { recordBatch, tally, type BatchRun } from './batch.store.js';
import type { CommandHandler, CommandHandlers } from './command-handler.js';
import { lockPosts } from './locked-post.js';
import { latestTime } from './latest-time.js';
import { keepDeadLetters, recordOutcomes, refOf } from './outcome.store.js';

interface Done {
  readonly outcomes: readonly Outcome[];
  /** Keys of the commands whose outcome was recorded now, and did not stand before. */
  readonly recorded: ReadonlySet<string>;
}

/** What a committed batch is known by. */
export interface Committed extends Done {
  readonly position: Position;
  /** The transaction's number, as text. */
  readonly xid: string;
}

interface Barrier {
  readonly now: string;
  readonly xid: string;
}

/** An id further ahead than this is parked: a gateway's clock is wrong. */
const AHEAD_MS = 60_000;

/**
 * The barrier is a record of its own in the log: a retry that meets only rows it stored before would
 * otherwise write nothing, and would not wait for the standby that the first attempt waited for. The
 * transaction's number comes first: a standby refuses it with 25006, and the message with XX000.
 */
export const BARRIER = `SELECT pg_current_xact_id()::text AS xid, pg_logical_emit_message(true, 'ingest', ''), floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint::text AS now`;

/**
 * Carries out a batch in one transaction of the shard's primary and returns its outcomes with the
 * position that contains them.
 * @throws whatever the database answers; then nothing, or all of it, has happened: repeating is safe.
 */
export async function commitBatch(
  router: Router,
  handlers: CommandHandlers,
  shard: string,
  entries: readonly BatchEntry[],
  run: BatchRun = { lane: 'write', attempt: 1, startedAt: processClock.now() },
): Promise<Committed> {
  return router.onPrimary(shard, async (scope) => {
    const { value, closing } = await scope.framed<Done & { xid: string }, Barrier, NodePositionRow>({
      opening: BARRIER,
      fn: async ([barrier]) => {
        const outcomes = await apply(scope, handlers, entries, latestTime(Number(barrier?.now)));
        const recorded = await recordOutcomes(scope, entries, outcomes);
        await keepDeadLetters(scope, lettersOf(entries, outcomes));
        return { outcomes, recorded, xid: barrier?.xid ?? '' };
      },
      last: ({ outcomes, recorded }) => recordBatch(run, entries.length, tally(entries, outcomes, recorded)),
      closing: NODE_POSITION,
    });
    return { ...value, position: positionIn(closing, shard) };
  });
}

async function apply(
  scope: Scope,
  handlers: CommandHandlers,
  entries: readonly BatchEntry[],
  now: number,
): Promise<readonly Outcome[]> {
  const outcomes = entries.map((entry) => setAside(entry, now));
  const ofKind = (kind: CommandKind): { place: number; command: Command }[] =>
    entries.flatMap(({ decoded }, place) =>
      !outcomes[place] && decoded.as === 'valid' && decoded.command.kind === kind
        ? [{ place, command: decoded.command }]
        : [],
    );
  for (const kind of COMMAND_KINDS) {
    const todo = ofKind(kind);
    if (todo.length === 0) continue;
    // Edits and deletions each lock their own posts: without this, two writers could meet crosswise.
    const alsoDeleted = kind === 'post.edit' ? ofKind('post.delete') : [];
    if (alsoDeleted.length > 0)
      await lockPosts(
        scope,
        [...todo, ...alsoDeleted].map(({ command }) => command),
      );
    // The map of handlers is typed by kind; TypeScript cannot follow the pairing through a loop.
    const handler = handlers[kind] as CommandHandler<typeof kind>;
    const results = await handler.apply(
      scope,
      todo.map(({ command }) => command),
    );
    todo.forEach(({ place }, n) => (outcomes[place] = results[n]));
  }
  return outcomes.map(
    (outcome) => outcome ?? { result: 'unavailable', reason: 'a handler left a command without an outcome' },
  );
}

/** The outcome of what must not be carried out at all, or undefined. */
function setAside({ decoded }: BatchEntry, now: number): Outcome | undefined {
  if (decoded.as === 'newer') return { result: 'parked', reason: 'newer_command' };
  if (decoded.as === 'invalid') return { result: 'rejected', code: 'invalid_command' };
  return uuidV7Time(decoded.command.postId) > now + AHEAD_MS
    ? { result: 'parked', reason: 'clock_ahead' }
    : undefined;
}

/** What people must see: parked commands, and messages that do not say which command they are. */
function lettersOf(entries: readonly BatchEntry[], outcomes: readonly Outcome[]) {
  return entries.flatMap((entry, index) => {
    const outcome = outcomes[index];
    if (outcome?.result === 'parked') return [{ entry, reason: outcome.reason }];
    return refOf(entry) === null ? [{ entry, reason: 'undecodable' }] : [];
  });
}
