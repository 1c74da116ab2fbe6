import { setTimeout as delay } from 'node:timers/promises';
import type { ShardLedger } from './measure-ledger.js';
import { isBalanced } from './shown-ledger.js';

const AGAIN_MS = 2_000;

/** Measures again while there is a gap, for at most `waitMs`; a gap that goes away was a command on its way. */
export async function untilBalanced(
  measure: () => Promise<ShardLedger[]>,
  waitMs: number,
  onGap: () => void,
): Promise<ShardLedger[]> {
  const until = performance.now() + waitMs;
  for (let said = false; ; said = true) {
    const shards = await measure();
    const leftMs = until - performance.now();
    if (isBalanced(shards) || leftMs <= 0) return shards;
    if (!said) onGap();
    await delay(Math.min(AGAIN_MS, leftMs));
  }
}
