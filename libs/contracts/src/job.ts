import type { ErrorCode } from './error-codes.js';

export type JobStatus = 'processing' | 'completed' | 'failed';

/** The answer of `GET /v1/jobs/{jobId}`. A status never moves backwards. */
export interface Job {
  readonly jobId: string;
  readonly status: JobStatus;
  readonly postId: string;
  readonly createdAt: string;
  readonly completedAt?: string;
  readonly superseded?: boolean;
  /** While processing: what is in the way. */
  readonly reason?: 'no_writer' | 'parked';
  readonly error?: { readonly code: ErrorCode; readonly detail: string };
  /** Present on every completed job: reads that carry it contain the commit. */
  readonly consistencyToken?: string;
  readonly traceId?: string;
}

/** The body of a 202. */
export interface Accepted {
  readonly message: string;
  readonly jobId: string;
  readonly status: 'processing';
}
