/**
 * Preload for a writer (`NODE_OPTIONS=--import=…`): kills its own process exactly before COMMIT, or exactly
 * after COMMIT and before the ack, once, when a file named after that moment lies in SPILLWAY_FAULTS_DIR.
 * A file `stop-…` stops the process there instead, and `stopped` then holds its pid.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rewriteOnLoad } from './rewrite.js';
import { FAULT_POINTS } from './rewrites.js';

type Moment = 'batch' | 'before-commit' | 'after-commit';

const dir = process.env['SPILLWAY_FAULTS_DIR'] ?? '';
/** Other transactions than those of a batch are left alone. */
let inBatch = false;

function faultPoint(moment: Moment, outcomes: readonly { readonly result: string }[] = []): void {
  if (moment === 'batch') {
    inBatch = true;
    return;
  }
  const relevant = moment === 'before-commit' ? inBatch : outcomes.some((o) => o.result === 'committed');
  if (moment === 'after-commit') inBatch = false;
  if (!relevant) return;
  if (take(moment)) process.kill(process.pid, 'SIGKILL');
  if (!take(`stop-${moment}`)) return;
  writeFileSync(join(dir, 'stopped'), String(process.pid));
  process.kill(process.pid, 'SIGSTOP');
}

/** True for just one of all the processes that try. */
function take(mark: string): boolean {
  try {
    rmSync(join(dir, mark));
    return true;
  } catch {
    return false;
  }
}

Object.assign(globalThis, { spillwayFaultPoint: faultPoint });
rewriteOnLoad(FAULT_POINTS);
