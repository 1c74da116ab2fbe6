import type { EditPost } from '@spillway/contracts';
import type { Scope } from '@spillway/database';
import type { Outcome } from '@spillway/messaging';
import { changePosts } from './change-posts.js';
import type { CommandHandler } from './command-handler.js';
import type { LockedPost } from './locked-post.js';

/** Edits posts. The last edit of each field wins; one that came too late, or after a deletion, is superseded. */
export class EditPostHandler implements CommandHandler<'post.edit'> {
  apply(scope: Scope, commands: readonly EditPost[]): Promise<readonly Outcome[]> {
    return changePosts(scope, commands, edit);
  }
}

function edit(post: LockedPost, { commandId, edit: { content, tags } }: EditPost): Outcome {
  if (post.deletedBy !== null) return { result: 'superseded' };
  let applied = false;
  if (content !== undefined && commandId > post.contentVersion) {
    post.content = content;
    post.contentVersion = commandId;
    applied = true;
  }
  if (tags !== undefined && commandId > post.tagsVersion) {
    post.tags = tags;
    post.tagsVersion = commandId;
    applied = true;
  }
  if (applied) post.edits++;
  post.changed ||= applied;
  return { result: applied ? 'committed' : 'superseded' };
}
