import { gatewayUrl, measure, orderOf, type Bench, type Block } from '../bench.js';
import type { LoadOrder } from '../client/order.js';
import type { Sustained } from '../sustained.js';

/** How the cost changes with one thing; every point is one block. */
export interface Series {
  readonly name: string;
  readonly title: string;
  readonly points: readonly Point[];
}

export interface Point {
  readonly label: string;
  readonly block: Block;
}

export interface SeriesMaker {
  readonly title: string;
  run(bench: Bench, sustained: Sustained): Promise<readonly Point[]>;
}

/** As fast as one gateway answers, with the cost of committing all of it. */
export function toCommit(bench: Bench, changes: Partial<LoadOrder> = {}): Promise<Block> {
  const order = orderOf(bench, gatewayUrl(bench), changes);
  return measure(bench, { send: () => bench.client.run(order), untilDrained: true });
}
