import { context } from '@opentelemetry/api';
import type { Principal } from '@spillway/auth';
import { isUuidV7, uuidV7Time, type DeletePost, type EditPost } from '@spillway/contracts';
import { ProblemError } from '@spillway/http';
import { traceparentOf } from '@spillway/telemetry';
import { changeId } from './change-id.js';
import { versionOfIfMatch } from './if-match.js';

export interface ChangeRequest {
  readonly principal: Principal;
  readonly id: string;
  readonly ifMatch: string | undefined;
  /** Unix milliseconds. */
  readonly now: number;
}

/** As for a PUT: no post has an id further ahead, and the writer would set the command aside for people. */
const AHEAD_MS = 60_000;

type Base = Omit<DeletePost, 'kind'>;

/**
 * What edits and deletions have in common. The order of the commands' ids is the order of edits.
 * @throws ProblemError when the id is not that of a post.
 */
function baseOf({ principal, id, ifMatch, now }: ChangeRequest): Base {
  const postId = id.toLowerCase();
  if (!isUuidV7(postId) || uuidV7Time(postId) > now + AHEAD_MS)
    throw new ProblemError('not_found', 'There is no post with this id.');
  const version = versionOfIfMatch(ifMatch);
  const traceparent = traceparentOf(context.active());
  return {
    commandId: changeId({ postId, version, now, aheadMs: AHEAD_MS }),
    postId,
    tenantId: principal.tenant,
    actor: { sub: principal.sub, moderator: principal.roles.has('moderator') },
    acceptedAt: now,
    ...(traceparent ? { traceparent } : {}),
    ...(version === undefined ? {} : { ifMatch: version }),
  };
}

export const buildEditCommand = (request: ChangeRequest, edit: EditPost['edit']): EditPost => ({
  ...baseOf(request),
  kind: 'post.edit',
  edit,
});

export const buildDeleteCommand = (request: ChangeRequest): DeletePost => ({
  ...baseOf(request),
  kind: 'post.delete',
});
