import type { ChangePage } from '@spillway/contracts';
import type { ReadOptions } from './options.js';
import { wait } from './wait.js';

export interface FollowChangesOptions extends ReadOptions {
  /** A cursor, or `now`; from the oldest that is kept when left out. */
  readonly after?: string;
  /** Changes in a page, at most: 1 to 100. */
  readonly limit?: number;
  /** How long to wait when there is nothing new, a second when left out; 0 ends instead. */
  readonly pollMs?: number;
}

const POLL_MS = 1_000;

type ListChanges = (params: { readonly after?: string; readonly limit?: number }) => Promise<ChangePage>;

/** Asks for changes again and again, from where the answer before ended. */
export async function* followChanges(
  list: ListChanges,
  { after, limit, pollMs = POLL_MS, signal }: FollowChangesOptions,
): AsyncGenerator<ChangePage, void, undefined> {
  for (let cursor = after; ;) {
    const page = await list({
      ...(cursor === undefined ? {} : { after: cursor }),
      ...(limit === undefined ? {} : { limit }),
    });
    cursor = page.cursor;
    if (page.items.length > 0) yield page;
    if (page.more) continue;
    if (pollMs === 0) return;
    await wait(pollMs, signal);
  }
}
