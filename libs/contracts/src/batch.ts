import type { Problem } from './problem.js';

/** The most posts of one batch request. */
export const BATCH_MAX_POSTS = 500;
/** The largest body of one batch request. */
export const BATCH_MAX_BYTES = 1024 * 1024;

/** What became of one post of a batch: a job to follow, or why it was not accepted. */
export type BatchResult =
  { readonly jobId: string; readonly status: 'processing' } | { readonly error: Problem };

/** The body of a batch's 202: one result per post, in the order of the posts. */
export interface BatchAnswer {
  readonly results: readonly BatchResult[];
}
