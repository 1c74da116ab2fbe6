import { orderOf, type Bench } from '../bench.js';
import type { LoadOrder } from '../client/order.js';
import { findTargets, type Targets } from './targets.js';

/** Part of the peak at which latencies are compared. */
export const LATENCY_SHARE = 0.6;

/** What the scenarios of a run know of each other. */
export interface Shared {
  targets: Targets | undefined;
  /** What the replica scenario reached, in requests a second. */
  peak: number;
}

export async function targetsOf(bench: Bench, shared: Shared): Promise<Targets> {
  return (shared.targets ??= await findTargets(bench));
}

export const get = (bench: Bench, url: string, changes: Partial<LoadOrder>): LoadOrder =>
  orderOf(bench, url, { method: 'GET', bodies: [], ...changes });
