import { eventually, notYet, type Patience } from './eventually.js';

/** Kinds of `process.getActiveResourcesInfo()` that come and go by themselves. */
const PASSING = new Set([
  'Immediate',
  'TickObject',
  'FSReqCallback',
  'FSReqPromise',
  'TTYWrap',
  'GetAddrInfoReqWrap',
]);

/** What keeps this process alive at the moment: how many of each kind. */
function activeResources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (!PASSING.has(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

/** Remembers what is open now; `expectNoLeaks` fails when more is open later. */
export interface LeakCheck {
  /**
   * Waits until nothing more is open than at the start: servers, sockets, pipes, child processes, timers.
   * @throws Error naming the kinds and how many of each were left.
   */
  expectNoLeaks(patience?: Patience): Promise<void>;
}

export function watchLeaks(): LeakCheck {
  const before = activeResources();
  return {
    expectNoLeaks: async (patience = {}) => {
      await eventually(
        'everything this test opened is closed again',
        async () => {
          // Handles that were closed in this turn are counted until the next.
          await new Promise((resolve) => setImmediate(resolve));
          const left = leftOver(before, activeResources());
          return left.length === 0 || notYet(left.join(', '));
        },
        { deadlineMs: 5000, ...patience },
      );
    },
  };
}

function leftOver(before: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): string[] {
  // The deadline of the look itself is one timer.
  const own = (kind: string): number => (kind === 'Timeout' ? 1 : 0);
  return [...now]
    .map(([kind, count]) => ({ kind, more: count - (before.get(kind) ?? 0) - own(kind) }))
    .filter(({ more }) => more > 0)
    .map(({ kind, more }) => `${more} × ${kind}`);
}
