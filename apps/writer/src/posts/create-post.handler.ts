import type { CreatePost } from '@spillway/contracts';
import type { Scope } from '@spillway/database';
import type { Outcome } from '@spillway/messaging';
import type { CommandHandler } from './command-handler.js';
import { findCommandIds, insertPosts, postKey } from './post.store.js';

/**
 * Stores new posts. A post that is already there by the same command is a duplicate; by another
 * command its id was taken. A tombstone counts as there: what was deleted does not come back.
 */
export class CreatePostHandler implements CommandHandler<'post.create'> {
  async apply(scope: Scope, commands: readonly CreatePost[]): Promise<readonly Outcome[]> {
    const firsts = new Map<string, CreatePost>();
    for (const command of commands) {
      const key = postKey(command.tenantId, command.postId);
      if (!firsts.has(key)) firsts.set(key, command);
    }
    const inserted = await insertPosts(scope, [...firsts.values()]);
    const missing = [...firsts].filter(([key]) => !inserted.has(key)).map(([, command]) => command);
    const existing = await findCommandIds(scope, missing);
    return commands.map((command) => {
      const key = postKey(command.tenantId, command.postId);
      if (inserted.has(key) && firsts.get(key) === command) return { result: 'committed' };
      const owner = inserted.has(key) ? firsts.get(key)?.commandId : existing.get(key);
      if (owner === undefined)
        return { result: 'unavailable', reason: 'a post was neither stored nor found' };
      return owner === command.commandId ? { result: 'duplicate' } : { result: 'rejected', code: 'id_taken' };
    });
  }
}
