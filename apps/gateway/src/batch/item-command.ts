import type { Principal } from '@spillway/auth';
import { uuidV7, type CreatePost } from '@spillway/contracts';
import { checkedBody, ProblemError } from '@spillway/http';
import { buildCreateCommand } from '../posts/build-create-command.js';
import { buildPutCommand } from '../posts/build-put-command.js';
import { BatchItemDto } from './batch-item.dto.js';

/**
 * The command of one item of a batch, by the rules of a single post: with an `id` those of a `PUT`, so that
 * it may be repeated and an importer may name its author; without one those of a `POST`.
 * @throws ProblemError 400 with pointers into the item, or 403.
 */
export function commandOfItem(value: unknown, principal: Principal, now: number): CreatePost {
  const { id, ...input } = checkedBody(BatchItemDto, value);
  if (id !== undefined) return buildPutCommand({ principal, id, idPointer: '/id', input, now });
  if (!principal.roles.has('author')) {
    throw new ProblemError('forbidden', 'Without the role author every post needs an id of its own.');
  }
  if (input.authorId !== undefined) {
    throw new ProblemError('invalid_request', 'The body is not valid; errors says where.', {
      errors: [{ pointer: '/authorId', detail: 'is only known together with id' }],
    });
  }
  const postId = uuidV7(now);
  return buildCreateCommand({
    principal,
    postId,
    commandId: () => postId,
    authorId: principal.sub,
    input,
    now,
  });
}
