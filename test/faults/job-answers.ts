import { byAnswer, spared, summary, tally } from './durations.js';
import type { FaultContext } from './fault.js';
import type { RequestRecord } from './history.js';

const SAMPLE = 20;
const FORMER_MS = 1_500;

/** Accepted posts that must have ended by now. */
export const endedBefore = ({ history }: FaultContext): readonly RequestRecord[] =>
  history.requests
    .filter((r) => r.answer.kind === 'accepted' && r.t1 < Date.now() - FORMER_MS)
    .slice(-SAMPLE);

/** While the primary is away: what has ended stays known, and of the rest nothing is claimed. */
export async function expectHonestJobs(
  context: FaultContext,
  ended: readonly RequestRecord[],
): Promise<void> {
  const { history, expect } = context;
  const fresh = history
    .sentBetween(Date.now() - 3_000, Date.now() - 1_000)
    .filter((r) => r.answer.kind === 'accepted');
  const open = await jobAnswers(context, fresh.slice(-SAMPLE));
  expect(open.length > 0, 'there were posts accepted while the primary was away');
  expect(
    open.every((o) => o === '503 database_unavailable'),
    `jobs without a known outcome answer 503 database_unavailable (${tally(open)})`,
  );
  const before = await jobAnswers(context, ended);
  expect(
    before.every((o) => o === '200 completed'),
    `jobs that had ended are still known (${tally(before)})`,
  );
}

/** `200 completed`, `503 database_unavailable` …, one a request. */
export async function jobAnswers(
  { followers }: FaultContext,
  requests: readonly RequestRecord[],
): Promise<readonly string[]> {
  const looks = await Promise.all(requests.map((r) => followers.look(r)));
  return looks.map(
    (l) => `${l.httpStatus ?? 'none'} ${l.status === 'unavailable' ? (l.code ?? '') : l.status}`,
  );
}

/** 202 depends on the broker alone. */
export function expectAccepted({ history, expect }: FaultContext, from: number, to: number): number {
  const meanwhile = history.sentBetween(from, to);
  expect(spared(meanwhile), `202 went on all the time (${summary(meanwhile)})`);
  return byAnswer(meanwhile).accepted.length;
}
