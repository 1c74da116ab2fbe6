interface Hold {
  ms: number;
  since: number | undefined;
}

const holds = new WeakMap<object, Hold>();
let waiting = 0;

/** How many requests of this process wait on purpose at this moment. */
export const heldNow = (): number => waiting;

/** From now on the request waits on purpose, until the returned function is called. */
export function holdTime(request: object): () => void {
  const hold: Hold = holds.get(request) ?? { ms: 0, since: undefined };
  if (hold.since === undefined) {
    hold.since = performance.now();
    waiting++;
  }
  holds.set(request, hold);
  return () => {
    if (hold.since === undefined) return;
    hold.ms += performance.now() - hold.since;
    hold.since = undefined;
    waiting--;
  };
}

/** Milliseconds that a request has waited on purpose: not part of how long its answer took. */
export function heldMs(request: object): number {
  const hold = holds.get(request);
  if (!hold) return 0;
  return hold.ms + (hold.since === undefined ? 0 : performance.now() - hold.since);
}
