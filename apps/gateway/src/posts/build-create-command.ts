import { context } from '@opentelemetry/api';
import type { Principal } from '@spillway/auth';
import {
  codePoints,
  foldTags,
  TAG_MAX_CODE_POINTS,
  type CreatePost,
  type PostInput,
} from '@spillway/contracts';
import { ProblemError } from '@spillway/http';
import { traceparentOf } from '@spillway/telemetry';

/** What a create command is made of. */
export interface CreateRequest {
  readonly principal: Principal;
  readonly postId: string;
  readonly commandId: (post: CreatePost['post']) => string;
  readonly authorId: string;
  readonly input: PostInput;
  /** Unix milliseconds. */
  readonly now: number;
}

/**
 * The command of a validated request. Tags are folded here, and folding may lengthen a tag.
 * @throws ProblemError when a folded tag is too long.
 */
export function buildCreateCommand({
  principal,
  postId,
  commandId,
  authorId,
  input,
  now,
}: CreateRequest): CreatePost {
  const given = input.tags ?? [];
  const tags = foldTags(given);
  // Looked for in what was sent, where the pointer leads: folding may leave fewer tags.
  const tooLong = given.findIndex((tag) => foldTags([tag]).some((t) => codePoints(t) > TAG_MAX_CODE_POINTS));
  if (tooLong >= 0) {
    throw new ProblemError('invalid_request', 'A tag is too long once it is folded to lower case.', {
      errors: [
        {
          pointer: `/tags/${tooLong}`,
          detail: `must have at most ${TAG_MAX_CODE_POINTS} characters in lower case`,
        },
      ],
    });
  }
  const post: CreatePost['post'] = {
    authorId,
    content: input.content,
    ...(input.channelId === undefined ? {} : { channelId: input.channelId }),
    ...(input.replyTo === undefined ? {} : { replyTo: input.replyTo }),
    tags,
  };
  const traceparent = traceparentOf(context.active());
  return {
    kind: 'post.create',
    commandId: commandId(post),
    postId,
    tenantId: principal.tenant,
    actor: { sub: principal.sub, moderator: principal.roles.has('moderator') },
    acceptedAt: now,
    ...(traceparent ? { traceparent } : {}),
    post,
  };
}
