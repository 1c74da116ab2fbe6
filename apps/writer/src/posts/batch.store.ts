import type { SqlFailure } from '@spillway/database';
import { bulkQueue, type BatchEntry, type Outcome } from '@spillway/messaging';
import { commandKey, refOf } from './outcome.store.js';

/** What is recorded of carrying out a batch, besides what its commands did. */
export interface BatchRun {
  readonly lane: 'write' | 'bulk';
  /** 1 at first, then one more each time the batch was tried again. */
  readonly attempt: number;
  /** Unix milliseconds at which its first attempt began. */
  readonly startedAt: number;
  /** Why the attempt before this one failed. */
  readonly held?: SqlFailure;
}

export const laneOf = (shard: string, queue: string): BatchRun['lane'] =>
  queue === bulkQueue(shard) ? 'bulk' : 'write';

/** Names in it are ours and numbers are whole: it travels with COMMIT and takes no parameters. */
export type LedgerDelta = Readonly<Record<'committed' | 'duplicate' | 'superseded' | 'failed', number>>;

/**
 * How the commands of a batch count. Parked ones are dead letters, and early ones go round once more. What ended
 * before counts as a repeat: of the same outcome, when it stands, nothing is recorded.
 * @param recorded the keys of the commands whose outcome was recorded now.
 */
export function tally(
  entries: readonly BatchEntry[],
  outcomes: readonly Outcome[],
  recorded: ReadonlySet<string>,
): LedgerDelta {
  const delta = { committed: 0, duplicate: 0, superseded: 0, failed: 0 };
  const counted = new Set<string>();
  /** Of a message that names no command nothing could be recorded. */
  const isFirst = (entry: BatchEntry): boolean => {
    const ref = refOf(entry);
    if (!ref) return true;
    const key = commandKey(ref.tenantId, ref.commandId);
    const first = recorded.has(key) && !counted.has(key);
    counted.add(key);
    return first;
  };
  entries.forEach((entry, index) => {
    const { decoded } = entry;
    // The gateways did not accept what people sent with the command line.
    if (decoded.as === 'valid' && 'via' in decoded.command && decoded.command.via === 'cli') return;
    const result = outcomes[index]?.result;
    if (result === 'committed' || result === 'duplicate') delta[result]++;
    if (result === 'alias') delta.duplicate++;
    if (result === 'superseded') delta[isFirst(entry) ? 'superseded' : 'duplicate']++;
    if (result === 'rejected') delta[isFirst(entry) ? 'failed' : 'duplicate']++;
  });
  return delta;
}

/** Adds to the row of this writer and lane, which no other batch under way writes to. */
export const addToLedger = (lane: BatchRun['lane'] | 'letters', delta: LedgerDelta): string => `
  INSERT INTO ledger AS l (writer, lane, committed, duplicate, superseded, failed)
  VALUES (current_setting('application_name'), '${lane}', ${whole(delta.committed)}, ${whole(delta.duplicate)},
          ${whole(delta.superseded)}, ${whole(delta.failed)})
  ON CONFLICT (writer, lane) DO UPDATE
    SET committed = l.committed + excluded.committed, duplicate = l.duplicate + excluded.duplicate,
        superseded = l.superseded + excluded.superseded, failed = l.failed + excluded.failed`;

/**
 * The row of the batch, and what it adds to the ledger. In a database restored from a dump transaction ids
 * begin anew: a row that has this one is of the other server, and gives way.
 */
export const recordBatch = (run: BatchRun, commands: number, delta: LedgerDelta): string => `
  WITH carried_out AS (
    INSERT INTO batches (writer, lane, attempt, held, commands, started_at)
    VALUES (current_setting('application_name'), '${run.lane}', ${whole(run.attempt)},
            ${run.held ? `'${run.held}'` : 'NULL'}, ${whole(commands)}, to_timestamp(${whole(run.startedAt)} / 1000.0))
    ON CONFLICT (xid) DO UPDATE
      SET writer = excluded.writer, lane = excluded.lane, attempt = excluded.attempt, held = excluded.held,
          commands = excluded.commands, started_at = excluded.started_at, applied_at = excluded.applied_at,
          committed_at = NULL, timeline = NULL, lsn = NULL
  ) ${addToLedger(run.lane, delta)}`;

const whole = (number: number): string => String(Math.trunc(number));
