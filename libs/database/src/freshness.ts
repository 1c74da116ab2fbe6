import type { Position } from '@spillway/contracts';

/** How fresh a read must be. Every read says so. */
export type Freshness =
  | { readonly mode: 'eventual' }
  | { readonly mode: 'atLeast'; readonly position: Position }
  | { readonly mode: 'strong' };

export const EVENTUAL: Freshness = { mode: 'eventual' };
export const STRONG: Freshness = { mode: 'strong' };
export const atLeast = (position: Position): Freshness => ({ mode: 'atLeast', position });
