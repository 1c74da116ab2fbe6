import { check, type Violation } from './checker.js';
import { drain } from './drain.js';
import type { Fault, FaultContext } from './fault.js';
import type { Evidence, RequestRecord } from './history.js';
import { REQUEST_DEADLINE_MS } from './http.js';
import { tenantsOf } from './callers.js';
import { timeToRecover } from './recovery.js';
import type { FaultResult } from './result.js';
import { undisturbed } from './undisturbed.js';

const MEMORY_MAX_MIB = 768;
const JOBS_DEADLINE_MS = 15_000;
/** An answer may be late by what this machine needs to notice it. */
const DEADLINE_SLACK_MS = 1_000;

export interface FaultRun {
  readonly result: FaultResult;
  readonly evidence: Evidence;
}

/** What the harness collects while a fault runs. */
export interface Marks {
  injectedAt: number;
  healedAt: number;
  readonly broken: string[];
}

/** One fault from the first request to the verdict. Errors become part of the result. */
export async function runFault(
  fault: Fault,
  context: FaultContext,
  marks: Marks,
  beforeMs: number,
): Promise<FaultRun> {
  const { load, followers, history, components, primary, run } = context;
  const startedAt = Date.now();
  const violations: Violation[] = [];
  const peak: Record<string, number> = {};
  const memory = setInterval(() => {
    for (const [name, size] of components.memory()) peak[name] = Math.max(peak[name] ?? 0, Math.round(size));
  }, 500);
  let formerRate = 0;
  let recoveredAfterMs: number | null = null;
  let drainedAfterMs: number | null = null;
  let unended: readonly RequestRecord[] = [];
  let error: string | undefined;
  try {
    await components.allReady();
    await fault.prepare?.(context);
    load.start();
    followers.start();
    formerRate = await undisturbed(context, beforeMs);
    await fault.run(context);
    recoveredAfterMs = await recovery(fault, context, marks, formerRate, violations);
    await load.stop();
    await followers.stop();
    drainedAfterMs = await drain(context);
    unended = await followers.untilAllEnded(Date.now() + JOBS_DEADLINE_MS);
    await fault.after?.(context);
  } catch (caught) {
    error = caught instanceof Error ? caught.message : String(caught);
  } finally {
    clearInterval(memory);
    await load.stop();
    await followers.stop();
    await fault.cleanUp?.(context).catch((caught: unknown) => {
      error ??= `cleaning up failed: ${caught instanceof Error ? caught.message : String(caught)}`;
    });
  }
  const stored = await readStored(primary, run);
  const evidence: Evidence = { requests: history.requests, jobs: history.jobs, ...stored };
  violations.push(
    ...check(evidence),
    ...openJobs(unended, evidence),
    ...unanswered(evidence),
    ...swollen(peak),
  );
  const count = (kind: string): number => history.requests.filter((r) => r.answer.kind === kind).length;
  const sound = error === undefined && violations.length === 0 && marks.broken.length === 0;
  const result: FaultResult = {
    id: fault.id,
    title: fault.title,
    result: error !== undefined ? 'error' : sound ? 'passed' : 'failed',
    sent: history.requests.length,
    accepted: count('accepted'),
    refused: count('refused'),
    unknown: count('unknown'),
    committed: stored.rows.length,
    violations,
    broken: marks.broken,
    formerRate,
    recoveredAfterMs,
    drainedAfterMs,
    peakMemoryMiB: peak,
    tookMs: Date.now() - startedAt,
    ...(error === undefined ? {} : { error }),
  };
  return { result, evidence };
}

/** Watches until the former rate is back, and a little longer; too late is a violation of I8. */
async function recovery(
  fault: Fault,
  { history, hold }: FaultContext,
  { healedAt }: Marks,
  formerRate: number,
  violations: Violation[],
): Promise<number | null> {
  if (healedAt === 0)
    throw new Error('it never said that it was healed, so nothing can be measured from there');
  const allowedMs = fault.recoverWithinMs ?? 10_000;
  const until = healedAt + allowedMs + 2_000;
  for (;;) {
    const after = timeToRecover(history, formerRate, healedAt, Date.now());
    if (after !== null && Date.now() - healedAt >= 3_000) return after;
    if (Date.now() > until) break;
    await hold(200);
  }
  const detail = `less than 90 % of ${formerRate.toFixed(0)} a second ${allowedMs / 1000} s after healing`;
  violations.push({ invariant: 'I8', op: null, detail });
  return null;
}

async function readStored(
  primary: FaultContext['primary'],
  run: string,
): Promise<Omit<Evidence, 'requests' | 'jobs'>> {
  const [tenant = ''] = tenantsOf(run);
  return primary.read(tenant.slice(0, -1));
}

/** A job that goes on `processing` although its post has been stored; without a row it is a loss, told as I1. */
function openJobs(unended: readonly RequestRecord[], { rows, outcomes }: Evidence): Violation[] {
  const final = outcomes.filter(({ outcome }) => outcome !== 'parked');
  const ended = new Set([...rows, ...final].map((r) => r.commandId));
  return unended
    .filter(({ answer }) => answer.kind === 'accepted' && ended.has(answer.commandId))
    .map(({ op }) => ({ invariant: 'I4', op, detail: 'its command has ended, and its job never says so' }));
}

/** I6, first half: a client that had to give up, or was told 500, was left alone. */
function unanswered({ requests }: Evidence): Violation[] {
  return requests.flatMap(({ op, answer, t0, t1 }): Violation[] => {
    if (
      answer.kind === 'unknown' &&
      (answer.why === 'deadline' || t1 - t0 > REQUEST_DEADLINE_MS + DEADLINE_SLACK_MS)
    ) {
      return [
        { invariant: 'I6', op, detail: `neither answered nor closed within ${REQUEST_DEADLINE_MS} ms` },
      ];
    }
    if (answer.kind === 'unknown' && answer.status === 500) {
      return [{ invariant: 'I6', op, detail: 'answered 500, which the contract does not know' }];
    }
    return [];
  });
}

/** I6, second half: memory stays bounded. */
const swollen = (peak: Readonly<Record<string, number>>): Violation[] =>
  Object.entries(peak)
    .filter(([, size]) => size > MEMORY_MAX_MIB)
    .map(([name, size]) => ({ invariant: 'I6', op: null, detail: `${name} grew to ${size} MiB` }));
