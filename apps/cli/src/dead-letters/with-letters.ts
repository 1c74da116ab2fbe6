import type { ShardNodes } from '@spillway/database';
import { withPrimaries } from '../connections.js';
import { Letters } from './letters.js';

/**
 * Lends the dead letters of every shard to `fn`.
 * @throws Error when a shard has no primary that can be reached; then nothing was done.
 */
export const withLetters = <T>(
  nodes: ShardNodes,
  fn: (shards: readonly Letters[]) => Promise<T>,
): Promise<T> =>
  withPrimaries('dead-letters', nodes, (router) =>
    fn([...nodes.keys()].map((shard) => new Letters(router, shard))),
  );
