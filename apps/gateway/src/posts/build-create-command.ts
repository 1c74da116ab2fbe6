import { context } from '@opentelemetry/api';
import type { Principal } from '@spillway/auth';
import type { CreatePost, PostInput } from '@spillway/contracts';
import { traceparentOf } from '@spillway/telemetry';
import { foldCheckedTags } from './fold-tags.js';

/** What a create command is made of. */
export interface CreateRequest {
  readonly principal: Principal;
  readonly postId: string;
  readonly commandId: (post: CreatePost['post']) => string;
  readonly authorId: string;
  readonly input: PostInput;
  readonly idempotency?: CreatePost['idempotency'];
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
  idempotency,
  now,
}: CreateRequest): CreatePost {
  const tags = foldCheckedTags(input.tags ?? []);
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
    ...(idempotency ? { idempotency } : {}),
    post,
  };
}
