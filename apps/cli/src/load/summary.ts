import { shownDuration } from './duration.js';
import { REMEMBERED, type Mishap, type Mishaps, type Tally } from './tally.js';
import type { Verified } from './verify-file.js';

/** What a load came to. Printed by `--json` as it is. */
export interface Summary {
  readonly file: string;
  readonly tenant: string;
  readonly lines: number;
  readonly invalid: Reasons;
  readonly sent: number;
  readonly accepted: number;
  readonly committed: number;
  /** Of the committed: those that an earlier run had brought in. */
  readonly alreadyThere: number;
  readonly failed: Reasons;
  /** Accepted, and not followed to the end: only after a stop. */
  readonly outstanding: number;
  readonly failedAttempts: number;
  /** From acceptance to commit, by the job's own times; posts that were already there do not count. */
  readonly lagMs: { readonly p50: number; readonly p95: number; readonly p99: number; readonly max: number };
  readonly durationMs: number;
  readonly committedPerSecond: number;
  readonly verified?: { readonly checked: number; readonly mismatches: Reasons };
  /** Why the load ended before the end of the file. */
  readonly stopped?: string;
}

interface Reasons {
  readonly count: number;
  readonly byCode: Readonly<Record<string, number>>;
  readonly first: readonly Mishap[];
}

export interface Circumstances {
  readonly file: string;
  readonly tenant: string;
  readonly verified?: Verified | undefined;
  readonly stopped?: string | undefined;
}

export function summarize(
  tally: Tally,
  { file, tenant, verified, stopped }: Circumstances,
  now: number,
): Summary {
  const { lines, sent, accepted, committed, alreadyThere, outstanding, failedAttempts, lag } = tally;
  const durationMs = Math.max(1, now - tally.startedAt);
  const [p50, p95, p99] = [lag.percentileMs(0.5), lag.percentileMs(0.95), lag.percentileMs(0.99)];
  return {
    file,
    tenant,
    lines,
    invalid: reasons(tally.invalid),
    sent,
    accepted,
    committed,
    alreadyThere,
    failed: reasons(tally.failed),
    outstanding,
    failedAttempts,
    lagMs: { p50, p95, p99, max: Math.round(lag.maxMs) },
    durationMs,
    committedPerSecond: Math.round((committed / durationMs) * 1_000),
    ...(verified && { verified: { checked: verified.checked, mismatches: reasons(verified.mismatches) } }),
    ...(stopped !== undefined && { stopped }),
  };
}

const reasons = ({ count, byCode, first }: Mishaps): Reasons => ({ count, byCode, first });

/** True when every line of the file is a post now. */
export const isComplete = (s: Summary): boolean =>
  s.stopped === undefined &&
  s.invalid.count === 0 &&
  s.failed.count === 0 &&
  (s.verified?.mismatches.count ?? 0) === 0;

/** The summary for people. */
export function shownSummary(s: Summary): string {
  const again = s.alreadyThere > 0 ? `, of which ${s.alreadyThere} were there already` : '';
  const { p50, p95, p99, max } = s.lagMs;
  const text = [
    `${s.file} → tenant ${s.tenant}: ${s.lines} lines in ${shownDuration(s.durationMs)}`,
    `  accepted   ${s.accepted} of ${s.sent} sent, ${s.failedAttempts} attempts repeated`,
    `  committed  ${s.committed}${again} (${s.committedPerSecond}/s)`,
    `  lag        p50 ${p50} ms, p95 ${p95} ms, p99 ${p99} ms, max ${max} ms`,
    ...shownReasons('failed    ', s.failed),
    ...shownReasons('invalid   ', s.invalid),
    ...(s.verified
      ? shownReasons('differ    ', s.verified.mismatches, ` of ${s.verified.checked} read back`)
      : []),
  ];
  if (s.stopped !== undefined && s.sent === 0) text.push(`Nothing was sent: ${s.stopped}.`);
  else if (s.stopped !== undefined) {
    text.push(
      `Stopped before the end: ${s.stopped}. ${s.outstanding} accepted posts were not followed to their commit.`,
      'Run the same command again to go on: what is already there is not doubled.',
    );
  } else if (s.failed.count > 0) {
    text.push('Run the same command again once the cause is gone: what is already there is not doubled.');
  }
  return text.join('\n');
}

function shownReasons(title: string, { count, byCode, first }: Reasons, of = ''): string[] {
  const codes = Object.entries(byCode).map(([code, n]) => `${code} × ${n}`);
  const lines = first.map(({ line, detail }) => `    line ${line}: ${detail}`);
  const more = count > REMEMBERED ? [`    … and ${count - REMEMBERED} more`] : [];
  return [`  ${title} ${count}${of}${count > 0 ? ` (${codes.join(', ')})` : ''}`, ...lines, ...more];
}
