import type { TouchedPost } from '@spillway/cache';
import type { BatchEntry, Outcome } from '@spillway/messaging';

/** After these the post is, or was before already, as the command wants it. */
const DONE: ReadonlySet<Outcome['result']> = new Set(['committed', 'duplicate', 'superseded', 'alias']);

/**
 * The posts whose cached pages are out of date. Those of repeated commands too: the process that carried them
 * out may have died before it told.
 */
export const touchedPosts = (entries: readonly BatchEntry[], outcomes: readonly Outcome[]): TouchedPost[] =>
  entries.flatMap(({ decoded }, index): TouchedPost[] => {
    const outcome = outcomes[index];
    if (decoded.as !== 'valid' || !outcome || !DONE.has(outcome.result)) return [];
    const { command } = decoded;
    const { kind, tenantId } = command;
    if (kind === 'post.create') return [{ tenantId, channelId: command.post.channelId }];
    return kind === 'post.edit' || kind === 'post.delete' ? [{ tenantId, edited: true }] : [];
  });
