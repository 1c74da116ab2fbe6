import { uuidV7, type CreatePost } from '@spillway/contracts';

/** A command whose post says this. */
export function command(content: string): CreatePost {
  const id = uuidV7();
  return {
    kind: 'post.create',
    commandId: id,
    postId: id,
    tenantId: 'acme',
    actor: { sub: 'alice', moderator: false },
    acceptedAt: Date.now(),
    post: { authorId: 'alice', content, tags: [] },
  };
}
