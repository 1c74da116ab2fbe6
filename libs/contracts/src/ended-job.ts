import { issueConsistencyToken } from './consistency-token.js';
import type { ErrorCode } from './error-codes.js';
import type { Job } from './job.js';
import type { Position } from './position.js';
import type { SigningKeys } from './signing-keys.js';
import type { Ticket } from './ticket.js';

/** How a command ended, as the writer tells those who poll or wait. `at` is in Unix milliseconds. */
export type CommandResult =
  | {
      readonly ended: 'completed';
      readonly at: number;
      readonly position: Position;
      readonly traceId?: string;
      readonly superseded?: boolean;
      /** The post to answer with, when it is another one than the command's. */
      readonly postId?: string;
    }
  | { readonly ended: 'failed'; readonly at: number; readonly code: ErrorCode; readonly detail: string };

/** What every job says of its ticket. */
export const jobFrame = (
  jobId: string,
  ticket: Pick<Ticket, 'postId' | 'issuedAt'>,
): Pick<Job, 'jobId' | 'postId' | 'createdAt'> => ({
  jobId,
  postId: ticket.postId,
  createdAt: new Date(ticket.issuedAt).toISOString(),
});

/** The job of a command that ended so. */
export function endedJob(
  jobId: string,
  ticket: Pick<Ticket, 'postId' | 'issuedAt'>,
  result: CommandResult,
  keys: SigningKeys,
  now: number,
): Job {
  const base = { ...jobFrame(jobId, ticket), completedAt: new Date(result.at).toISOString() };
  if (result.ended === 'failed')
    return { ...base, status: 'failed', error: { code: result.code, detail: result.detail } };
  return {
    ...base,
    status: 'completed',
    consistencyToken: issueConsistencyToken(keys, result.position, now),
    ...(result.traceId ? { traceId: result.traceId } : {}),
    ...(result.superseded ? { superseded: true } : {}),
    ...(result.postId ? { postId: result.postId } : {}),
  };
}
