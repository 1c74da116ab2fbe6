import type { FaultContext } from './fault.js';

/** Below this share of the load nothing can be said about the fault. */
const CARRIED_SHARE = 0.7;
const WARM_UP_MAX_MS = 12_000;
/** A machine that is too slow for the load gets half of it, down to this. */
const RATE_MIN = 15;
const WARM_UP_WINDOW_MS = 2_000;

/**
 * Waits until the load is carried, and measures it for a while before anything is broken.
 * @throws Error when this machine carries no load worth the name.
 */
export async function undisturbed(context: FaultContext, beforeMs: number): Promise<number> {
  const { history, hold, load, note } = context;
  for (;;) {
    await warmedUp(context);
    const from = Date.now();
    await hold(beforeMs);
    // A load that catches up with itself after a pause is no measure.
    const rate = Math.min(load.rate, history.acceptedRate(from, Date.now()));
    note(`${rate.toFixed(0)} of ${load.rate} a second were accepted before it`);
    if (rate >= load.rate * CARRIED_SHARE) return rate;
    if (load.rate <= RATE_MIN) throw new Error('this machine does not carry the load');
    lower(load, note);
  }
}

/** Processes that were just started are slow: waits until they carry the load, or lowers it. */
async function warmedUp({ history, hold, load, note }: FaultContext): Promise<void> {
  for (;;) {
    const until = Date.now() + WARM_UP_MAX_MS;
    do {
      await hold(WARM_UP_WINDOW_MS);
      const from = Date.now() - WARM_UP_WINDOW_MS;
      if (history.acceptedRate(from, Date.now()) >= load.rate * 0.9) return;
    } while (Date.now() < until);
    if (load.rate <= RATE_MIN) return;
    lower(load, note);
  }
}

function lower(load: FaultContext['load'], note: FaultContext['note']): void {
  load.rate = Math.max(RATE_MIN, load.rate / 2);
  note(`this machine is slow now: the load is lowered to ${load.rate} a second`);
}
