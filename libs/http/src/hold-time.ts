interface Hold {
  ms: number;
  since: number | undefined;
}

const holds = new WeakMap<object, Hold>();

/** From now on the request waits on purpose, until the returned function is called. */
export function holdTime(request: object): () => void {
  const hold: Hold = holds.get(request) ?? { ms: 0, since: undefined };
  hold.since ??= performance.now();
  holds.set(request, hold);
  return () => {
    hold.ms += hold.since === undefined ? 0 : performance.now() - hold.since;
    hold.since = undefined;
  };
}

/** Milliseconds that a request has waited on purpose: not part of how long its answer took. */
export function heldMs(request: object): number {
  const hold = holds.get(request);
  if (!hold) return 0;
  return hold.ms + (hold.since === undefined ? 0 : performance.now() - hold.since);
}
