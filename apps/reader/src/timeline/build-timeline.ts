import {
  isErrorCode,
  lsnFromPostgres,
  uuidV7Time,
  type JobTimeline,
  type TimelineWait,
} from '@spillway/contracts';
import type { Ticket } from '@spillway/contracts/server';
import type { BatchRow, Facts } from './find-facts.js';
import { iso, queueWaits, type Interval } from './find-waits.js';

/** The life of a job as the facts tell it; what they do not tell is null. */
export function buildTimeline(
  jobId: string,
  ticket: Ticket,
  facts: Facts,
  shard: string,
  now: number,
): JobTimeline {
  const { post, batch, letters } = facts;
  const { error, outcome } = endOf(facts);
  const ended = outcome !== 'processing' && outcome !== 'parked';
  const written = post ?? (facts.outcome?.outcome === 'parked' ? null : facts.outcome);
  const queued = timesInQueue(ticket.issuedAt, facts, ended, now);
  return {
    jobId,
    kind: ticket.kind,
    commandId: ticket.commandId,
    postId: ticket.postId,
    traceId: post?.trace_id ?? null,
    idTime: iso(uuidV7Time(ticket.postId)),
    acceptedAt: iso(ticket.issuedAt),
    gateway: null,
    outcome,
    error,
    endedAt: ended ? (batch?.committed_at ?? written?.at ?? null) : null,
    queueWaitMs: queued ? queued.reduce((sum, { from, until }) => sum + until - from, 0) : null,
    waits: [
      ...(queued ?? []).flatMap((each) => queueWaits(each, facts.held, facts.runs)),
      ...parkedTimes(facts),
    ].sort((a, b) => Date.parse(a.from) - Date.parse(b.from)),
    batch: batch && presentBatch(batch, shard),
    visible: facts.visible.map(({ replica, at }) => ({ replica, by: at })),
    deadLetters: letters,
    changes: changesOf(ticket, facts),
  };
}

function endOf({ outcome, post }: Facts): Pick<JobTimeline, 'outcome' | 'error'> {
  const final = outcome && outcome.outcome !== 'parked' && outcome.outcome !== 'discarded' ? outcome : null;
  if (!final && post) return { outcome: 'completed', error: null };
  if (!outcome) return { outcome: 'processing', error: null };
  switch (outcome.outcome) {
    case 'parked':
      return { outcome: 'parked', error: null };
    case 'alias':
      return { outcome: 'duplicate', error: null };
    case 'rejected':
    case 'discarded': {
      const { code, detail } = outcome;
      return {
        outcome: 'failed',
        error: { code: code !== null && isErrorCode(code) ? code : 'invalid_command', detail: detail ?? '' },
      };
    }
    default:
      return { outcome: outcome.outcome, error: null };
  }
}

/** When it was in the queue: until it was put aside, and from each replay on. Null when its end is not known. */
function timesInQueue(
  acceptedAt: number,
  { batch, letters }: Facts,
  ended: boolean,
  now: number,
): Interval[] | null {
  const times: Interval[] = [];
  let from: number | null = acceptedAt;
  for (const letter of letters) {
    if (from !== null) times.push(interval(from, Date.parse(letter.createdAt)));
    from = letter.state === 'replayed' && letter.resolvedAt !== null ? Date.parse(letter.resolvedAt) : null;
  }
  if (from === null) return times;
  if (batch) return [...times, interval(from, Date.parse(batch.started_at))];
  return ended ? null : [...times, interval(from, now)];
}

/** Clocks of two machines may disagree by a little. */
const interval = (from: number, until: number): Interval => ({ from, until: Math.max(from, until) });

const parkedTimes = ({ letters }: Facts): TimelineWait[] =>
  letters.map(({ createdAt, resolvedAt }) => ({ for: 'parked', from: createdAt, until: resolvedAt }));

function presentBatch(row: BatchRow, shard: string): NonNullable<JobTimeline['batch']> {
  const { timeline, lsn } = row;
  return {
    id: row.xid,
    writer: row.writer,
    lane: row.lane,
    attempt: row.attempt,
    held: row.held,
    startedAt: row.started_at,
    appliedAt: row.applied_at,
    committedAt: row.committed_at,
    position: timeline !== null && lsn !== null ? { shard, timeline, lsn: lsnFromPostgres(lsn) } : null,
  };
}

function changesOf({ postId }: Ticket, { post, changedAt }: Facts): JobTimeline['changes'] {
  if (!post) return [];
  const versions = { content: post.content_version, tags: post.tags_version, deleted: post.deleted_by };
  return (['content', 'tags', 'deleted'] as const).flatMap((field) => {
    const commandId = versions[field];
    return commandId !== null && commandId !== postId
      ? [{ field, commandId, at: changedAt.get(commandId) ?? null }]
      : [];
  });
}
