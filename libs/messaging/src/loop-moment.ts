/** A moment of this process' event loop. */
export interface LoopMoment {
  /** Milliseconds of `performance.now()`. */
  readonly at: number;
  /** How long the loop has had nothing to do since it began, in milliseconds. */
  readonly idleMs: number;
  /** Which turn of the loop it is. */
  readonly turn: number;
}

export const loopMoment = (): LoopMoment => ({
  at: performance.now(),
  idleMs: performance.nodeTiming.idleTime,
  turn: performance.nodeTiming.uvMetricsInfo.loopCount,
});

/**
 * How much of the time between two moments passed before what was waited for came, in milliseconds. A socket is
 * looked at once a turn: what is read in one turn was not there when the turn before began to look, and may have
 * come at any moment since. So the busy part of two turns proves nothing; all that the loop was idle does, since
 * what comes ends a rest.
 * @param from when the request had been written, after all other events of its turn (`setImmediate`).
 * @param to when its answer was read.
 */
export function surelyWaitedMs(from: LoopMoment, to: LoopMoment): number {
  const idleMs = Math.max(0, to.idleMs - from.idleMs);
  const busyMs = Math.max(0, to.at - from.at - idleMs);
  const turns = to.turn - from.turn;
  return idleMs + (turns > 2 ? (busyMs * (turns - 2)) / turns : 0);
}
