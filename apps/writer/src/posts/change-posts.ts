import type { Command } from '@spillway/contracts';
import type { Scope } from '@spillway/database';
import type { Outcome } from '@spillway/messaging';
import { lockPosts, mayChange, storeChanges, versionOf, type LockedPost } from './locked-post.js';
import { findOutcomes } from './outcome.store.js';
import { postKey } from './post.store.js';

/** An early command that has gone round this often has no post to come. */
const EARLY_ATTEMPTS_MAX = 30;

type Change = Command & { readonly ifMatch?: string };

/**
 * Carries out edits or deletions: known outcomes stand, posts are locked, and `apply` changes what it
 * may. In the order of the commands' ids, so that the last one of each field wins whatever came first.
 */
export async function changePosts<C extends Change>(
  scope: Scope,
  commands: readonly C[],
  apply: (post: LockedPost, command: C) => Outcome,
): Promise<readonly Outcome[]> {
  const posts = await lockPosts(scope, commands);
  // Under the locks: what another writer has just done with the same command is seen, and told once.
  const known = await findOutcomes(scope, commands);
  const outcomes = new Map<C, Outcome>();
  const seen = new Set<string>();
  for (const command of [...commands].sort((a, b) => (a.commandId < b.commandId ? -1 : 1))) {
    const key = `${command.tenantId} ${command.commandId}`;
    const before = known.get(key);
    if (before || seen.has(key)) outcomes.set(command, before ?? { result: 'duplicate' });
    else outcomes.set(command, decide(posts.get(postKey(command.tenantId, command.postId)), command, apply));
    seen.add(key);
  }
  await storeChanges(scope, posts.values());
  return commands.map((command) => outcomes.get(command) ?? { result: 'unavailable', reason: 'no outcome' });
}

function decide<C extends Change>(
  post: LockedPost | undefined,
  command: C,
  apply: (post: LockedPost, command: C) => Outcome,
): Outcome {
  if (!post) {
    return (command.attempt ?? 0) < EARLY_ATTEMPTS_MAX
      ? { result: 'early' }
      : { result: 'rejected', code: 'post_not_found' };
  }
  if (!mayChange(command.actor, post)) return { result: 'rejected', code: 'not_permitted' };
  if (command.ifMatch !== undefined && post.deletedBy === null && command.ifMatch !== versionOf(post)) {
    return { result: 'rejected', code: 'version_conflict' };
  }
  return apply(post, command);
}
