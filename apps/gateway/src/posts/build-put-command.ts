import type { Principal } from '@spillway/auth';
import { isUuidV7, uuidV7Time, type CreatePost, type PostInput } from '@spillway/contracts';
import { putCommandId } from '@spillway/contracts/server';
import { ProblemError } from '@spillway/http';
import { buildCreateCommand } from './build-create-command.js';

const AHEAD_MS = 60_000;
const BEHIND_MS = 24 * 3600_000;

export interface PutRequest {
  readonly principal: Principal;
  /** As the client sent it. */
  readonly id: string;
  /** Where the id stands in the request, for its mistakes. */
  readonly idPointer: string;
  readonly input: PostInput;
  /** Unix milliseconds. */
  readonly now: number;
}

/**
 * The command of a post under an id that the client minted: the same request is the same command.
 * @throws ProblemError 400 for an id that is not allowed, 403 for another author.
 */
export function buildPutCommand({ principal, id, idPointer, input, now }: PutRequest): CreatePost {
  const postId = id.toLowerCase();
  const fault = faultOfId(postId, principal, now);
  if (fault !== null) {
    throw new ProblemError('invalid_request', 'The id of the post is not valid; nothing was accepted.', {
      errors: [{ pointer: idPointer, detail: fault }],
    });
  }
  const authorId = input.authorId ?? principal.sub;
  if (authorId !== principal.sub && !principal.roles.has('importer')) {
    throw new ProblemError(
      'forbidden',
      'Only the role importer may name another author; nothing was accepted.',
    );
  }
  return buildCreateCommand({
    principal,
    postId,
    commandId: (post) => putCommandId(principal.tenant, postId, post),
    authorId,
    input,
    now,
  });
}

/** What is wrong with an id, unless it is a UUIDv7 of about now, or of any past time for an importer. */
function faultOfId(postId: string, principal: Principal, now: number): string | null {
  if (!isUuidV7(postId)) return 'must be a UUIDv7';
  const time = uuidV7Time(postId);
  if (time > now + AHEAD_MS) return 'its time must be at most 60 s ahead';
  return time < now - BEHIND_MS && !principal.roles.has('importer')
    ? 'its time must be at most 24 h behind, except for an importer'
    : null;
}
