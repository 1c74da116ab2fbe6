import type { DeadLetterDetail } from './dead-letter.js';
import type { ErrorCode } from './error-codes.js';

/** What a command waited for: who waits behind others is in the backlog. */
export type WaitFor = 'backlog' | 'no_writer' | 'database' | 'parked';

/** A time in which a command waited. */
export interface TimelineWait {
  readonly for: WaitFor;
  readonly from: string;
  /** Null while it lasts. */
  readonly until: string | null;
}

/** The transaction that carried a command out. */
export interface TimelineBatch {
  /** The number of the transaction. */
  readonly id: string;
  readonly writer: string;
  readonly lane: 'write' | 'bulk';
  /** 1 when the first attempt succeeded. */
  readonly attempt: number;
  /** Why the attempt before failed. */
  readonly held: string | null;
  readonly startedAt: string;
  /** When all was done but the commit. */
  readonly appliedAt: string;
  /** As the writer saw it. Null, with the position, when the writer died before it could tell. */
  readonly committedAt: string | null;
  readonly position: { readonly shard: string; readonly timeline: number; readonly lsn: string } | null;
}

/** When a replica had a commit at the latest: replicas are looked at every two seconds. */
export interface TimelineVisibility {
  readonly replica: string;
  readonly by: string;
}

/** A later change of the post: the last of each field. */
export interface TimelineChange {
  readonly field: 'content' | 'tags' | 'deleted';
  readonly commandId: string;
  /** When it was carried out; null when that is not known. */
  readonly at: string | null;
}

/** The answer of `GET /v1/jobs/{jobId}/timeline`: what is known for certain. Null is not known, never guessed. */
export interface JobTimeline {
  readonly jobId: string;
  readonly kind: 'create' | 'edit' | 'delete' | 'replay' | 'discard' | 'revoke';
  readonly commandId: string;
  readonly postId: string;
  readonly traceId: string | null;
  /** The time in the post's id, which a client may have minted. */
  readonly idTime: string;
  readonly acceptedAt: string;
  /** Not kept with commands, so null: the gateway's log has it by `traceId`. */
  readonly gateway: string | null;
  readonly outcome: 'processing' | 'parked' | 'completed' | 'superseded' | 'duplicate' | 'failed';
  readonly error: { readonly code: ErrorCode; readonly detail: string } | null;
  readonly endedAt: string | null;
  /** Milliseconds in the queue, without the time as a dead letter. */
  readonly queueWaitMs: number | null;
  readonly waits: readonly TimelineWait[];
  readonly batch: TimelineBatch | null;
  readonly visible: readonly TimelineVisibility[];
  /** Oldest first. */
  readonly deadLetters: readonly DeadLetterDetail[];
  readonly changes: readonly TimelineChange[];
}
