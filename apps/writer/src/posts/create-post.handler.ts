import type { CreatePost } from '@spillway/contracts';
import type { Scope } from '@spillway/database';
import type { Outcome } from '@spillway/messaging';
import type { CommandHandler } from './command-handler.js';
import { claimKeys, idempotencyKey, type KeyHolder } from './idempotency.store.js';
import { findCommandIds, insertPosts, postKey } from './post.store.js';

/**
 * Stores new posts. A post that is already there by the same command is a duplicate; by another
 * command its id was taken. A tombstone counts as there: what was deleted does not come back. A command
 * whose idempotency key another one holds is that one's alias, or refused when the bodies differ.
 */
export class CreatePostHandler implements CommandHandler<'post.create'> {
  async apply(scope: Scope, commands: readonly CreatePost[]): Promise<readonly Outcome[]> {
    const holders = await claimKeys(scope, commands);
    const repeats = new Map(
      commands.flatMap((command) => {
        const outcome = repeatOf(command, holders);
        return outcome ? [[command, outcome] as const] : [];
      }),
    );
    const firsts = new Map<string, CreatePost>();
    for (const command of commands) {
      const key = postKey(command.tenantId, command.postId);
      if (!repeats.has(command) && !firsts.has(key)) firsts.set(key, command);
    }
    const inserted = await insertPosts(scope, [...firsts.values()]);
    const missing = [...firsts].filter(([key]) => !inserted.has(key)).map(([, command]) => command);
    const existing = await findCommandIds(scope, missing);
    return commands.map((command) => {
      const repeat = repeats.get(command);
      if (repeat) return repeat;
      const key = postKey(command.tenantId, command.postId);
      if (inserted.has(key) && firsts.get(key) === command) return { result: 'committed' };
      const owner = inserted.has(key) ? firsts.get(key)?.commandId : existing.get(key);
      if (owner === undefined)
        return { result: 'unavailable', reason: 'a post was neither stored nor found' };
      return owner === command.commandId ? { result: 'duplicate' } : { result: 'rejected', code: 'id_taken' };
    });
  }
}

/** The outcome of a command whose key belongs to another command, or null when it may go on. */
function repeatOf(command: CreatePost, holders: ReadonlyMap<string, KeyHolder>): Outcome | null {
  if (!command.idempotency) return null;
  const { keyHash, bodyHash } = command.idempotency;
  const holder = holders.get(idempotencyKey(command.tenantId, command.actor.sub, keyHash));
  if (!holder || holder.commandId === command.commandId) return null;
  return holder.bodyHash === bodyHash
    ? { result: 'alias', postId: holder.commandId }
    : { result: 'rejected', code: 'idempotency_key_reused' };
}
