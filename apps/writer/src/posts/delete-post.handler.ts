import type { DeletePost } from '@spillway/contracts';
import type { Scope } from '@spillway/database';
import type { Outcome } from '@spillway/messaging';
import { changePosts } from './change-posts.js';
import type { CommandHandler } from './command-handler.js';
import type { LockedPost } from './locked-post.js';

/** Deletes posts for good: the row is emptied and stays, so that nothing can bring the post back. */
export class DeletePostHandler implements CommandHandler<'post.delete'> {
  apply(scope: Scope, commands: readonly DeletePost[]): Promise<readonly Outcome[]> {
    return changePosts(scope, commands, erase);
  }
}

function erase(post: LockedPost, { commandId }: DeletePost): Outcome {
  if (post.deletedBy !== null) return { result: 'superseded' };
  post.content = '';
  post.tags = [];
  post.deletedBy = commandId;
  post.changed = true;
  return { result: 'committed' };
}
