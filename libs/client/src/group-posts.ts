import { BATCH_MAX_BYTES, BATCH_MAX_POSTS, uuidV7 } from '@spillway/contracts';
import type { PostInput } from '@spillway/contracts';

/** A post of a batch. Its id may have been minted earlier: then a batch that failed may be sent again. */
export type BatchPost = PostInput & { readonly id?: string };

/** A post with its id, as it is sent. */
export interface PreparedPost {
  readonly postId: string;
  readonly json: string;
}

export interface GroupOptions {
  /** How long a post waits for others to share its request, in milliseconds. */
  readonly lingerMs: number;
  readonly maxPosts?: number;
  readonly maxBytes?: number;
}

const encoder = new TextEncoder();
/** Two brackets, less the comma that the first post does not need. */
const FRAME_BYTES = 1;

/**
 * Shares posts out to requests, in their order: a group is full by number or by bytes, or its first post has
 * waited long enough, or there are no more. Takes from the source no more than the group that is filled.
 */
export async function* groupPosts(
  posts: Iterable<BatchPost> | AsyncIterable<BatchPost>,
  { lingerMs, maxPosts = BATCH_MAX_POSTS, maxBytes = BATCH_MAX_BYTES }: GroupOptions,
): AsyncGenerator<PreparedPost[], void, undefined> {
  const source = iteratorOf(posts);
  let group: PreparedPost[] = [];
  let bytes = FRAME_BYTES;
  let lingering: Linger | undefined;
  let next = source.next();
  // Handled where it is awaited, which may be after the timer.
  next.catch(() => undefined);
  try {
    for (;;) {
      const taken = await (lingering ? Promise.race([next, lingering.over]) : next);
      const prepared = taken === 'over' || taken.done === true ? null : prepare(taken.value);
      const more = prepared ? encoder.encode(prepared.json).length + 1 : 0;
      const full = group.length === maxPosts || bytes + more > maxBytes;
      if (group.length > 0 && (prepared === null || full)) {
        lingering?.stop();
        lingering = undefined;
        yield group;
        [group, bytes] = [[], FRAME_BYTES];
      }
      if (taken !== 'over' && taken.done === true) return;
      if (prepared === null) continue;
      group.push(prepared);
      bytes += more;
      lingering ??= linger(lingerMs);
      next = source.next();
      next.catch(() => undefined);
    }
  } finally {
    lingering?.stop();
    await source.return?.();
  }
}

interface Linger {
  readonly over: Promise<'over'>;
  stop(): void;
}

function linger(ms: number): Linger {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<'over'>((resolve) => (timer = setTimeout(() => resolve('over'), ms)));
  return { over, stop: () => clearTimeout(timer) };
}

function prepare({ id = uuidV7(), ...input }: BatchPost): PreparedPost {
  return { postId: id, json: JSON.stringify({ id, ...input }) };
}

async function* iteratorOf<T>(posts: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  yield* posts;
}
