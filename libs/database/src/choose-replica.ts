import { reaches, type Position } from '@spillway/contracts';

/** What the choice needs to know of a node. */
export interface Candidate {
  readonly position: Position | undefined;
  readonly lagMs: number;
  readonly inFlight: number;
  readonly latencyMs: number;
}

/** Replicas that may answer: not too far behind, and past `position` when one is asked for. */
export const eligible = <C extends Candidate>(
  replicas: readonly C[],
  maxLagMs: number,
  position?: Position,
): C[] =>
  replicas.filter(
    (replica) =>
      replica.lagMs <= maxLagMs &&
      (!position || (replica.position !== undefined && reaches(replica.position, position))),
  );

/**
 * The less busy of two picked at random (Mitzenmacher, "The Power of Two Choices", 2001): as good as
 * asking all, without sending everybody to the one that looked idle a moment ago.
 * @param random a number in [0, 1)
 */
export function lessBusyOfTwo<C extends Candidate>(
  candidates: readonly C[],
  random: () => number = Math.random,
): C | undefined {
  const one = candidates[Math.floor(random() * candidates.length)];
  const two = candidates[Math.floor(random() * candidates.length)];
  if (!one || !two) return undefined;
  const load = (c: Candidate): number => (c.inFlight + 1) * c.latencyMs;
  return load(two) < load(one) ? two : one;
}
