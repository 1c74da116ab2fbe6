import {
  uuidV7,
  uuidV7Time,
  type Command,
  type CreatePost,
  type DeletePost,
  type DiscardDeadLetter,
  type EditPost,
  type ReplayDeadLetter,
} from '@spillway/contracts';

const base = (tenantId: string) => ({
  tenantId,
  actor: { sub: 'alice', moderator: false },
  acceptedAt: Date.now(),
});

/** A post of alice, made now. Its command has its id unless another is given. */
export function creation(
  tenantId: string,
  post: Partial<CreatePost['post']> = {},
  fields: Partial<Omit<CreatePost, 'post'>> = {},
): CreatePost {
  const postId = fields.postId ?? uuidV7();
  return {
    ...base(tenantId),
    kind: 'post.create',
    commandId: postId,
    postId,
    post: { authorId: 'alice', content: 'hello', tags: [], ...post },
    ...fields,
  };
}

/** A post of that time, ten seconds ago when left out, so that every edit is later. */
export const earlierCreation = (
  tenantId: string,
  post: Partial<CreatePost['post']> = {},
  at = Date.now() - 10_000,
): CreatePost => creation(tenantId, { content: 'first', ...post }, { postId: uuidV7(at) });

type Post = Pick<Command, 'tenantId' | 'postId'>;

/** An edit that many milliseconds after its post was made. */
export const edit = (
  { tenantId, postId }: Post,
  afterMs: number,
  change: EditPost['edit'],
  fields: Partial<EditPost> = {},
): EditPost => ({
  ...base(tenantId),
  kind: 'post.edit',
  commandId: uuidV7(uuidV7Time(postId) + afterMs),
  postId,
  edit: change,
  ...fields,
});

/** A deletion that many milliseconds after its post was made. */
export const deletion = (
  { tenantId, postId }: Post,
  afterMs: number,
  fields: Partial<DeletePost> = {},
): DeletePost => ({
  ...base(tenantId),
  kind: 'post.delete',
  commandId: uuidV7(uuidV7Time(postId) + afterMs),
  postId,
  ...fields,
});

export type LetterActionKind = Command['kind'] & `dead_letter.${string}`;

/** What olga does about a dead letter. */
export function letterAction(
  kind: LetterActionKind,
  tenantId: string,
  letterId: string,
  fields: Partial<ReplayDeadLetter> = {},
): ReplayDeadLetter | DiscardDeadLetter {
  const commandId = uuidV7();
  return {
    ...base(tenantId),
    actor: { sub: 'olga', moderator: false },
    commandId,
    postId: commandId,
    letterId,
    why: 'the writer is newer now',
    via: 'api',
    ...fields,
    kind,
  };
}
