/**
 * Preload for a writer (`NODE_OPTIONS=--import=…`): kills its own process exactly before COMMIT, or exactly
 * after COMMIT and before the ack, once, when a file named after that moment lies in SPILLWAY_FAULTS_DIR.
 */
import { rmSync } from 'node:fs';
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
  if (relevant && take(moment)) process.kill(process.pid, 'SIGKILL');
}

/** True for just one of all the processes that try. */
function take(moment: Moment): boolean {
  try {
    rmSync(join(dir, moment));
    return true;
  } catch {
    return false;
  }
}

Object.assign(globalThis, { spillwayFaultPoint: faultPoint });
rewriteOnLoad(FAULT_POINTS);
