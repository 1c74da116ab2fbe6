import type { Role } from '../measure/cpu-meter.js';
import type { OverloadRun } from '../run-overload.js';
import type { Series } from '../series/series.js';
import { ACCEPT_TO_COMMIT, microsPerPost, sumPerPost } from './per-post.js';
import { otherAnswers, shown } from './shown.js';
import { textTable } from './text-table.js';

const ROLES: readonly Role[] = ['server', 'gateway', 'rabbitmq', 'writer', 'postgres-primary'];

/** One series: what the points took, and how much CPU a post was for whom. */
export function seriesTable({ title, points }: Series): string {
  const head = [
    title,
    'accepted/s',
    'committed/s',
    'other answers',
    'p50 ms',
    'p99 ms',
    ...ROLES,
    'accept to commit',
  ];
  const rows = points.map(({ label, block }) => [
    label,
    shown(block.acceptedPerSecond, 0),
    shown(block.committedPerSecond, 0),
    otherAnswers([block]),
    shown(block.load?.accepted.p50 ?? Number.NaN, 1),
    shown(block.load?.accepted.p99 ?? Number.NaN, 1),
    ...ROLES.map((role) => shown(microsPerPost(block, role), 0)),
    shown(sumPerPost(block, ACCEPT_TO_COMMIT), 0),
  ]);
  return textTable([head, ...rows]);
}

/** What must be accepted of the peak, however much is sent. */
const GOODPUT = 0.9;

export function overloadReport({ peak, rate, load, backlog, memory }: OverloadRun): string {
  const perSecond = (load.acceptedInTime * 1000) / load.elapsedMs;
  const goodput = perSecond / peak;
  const lines = [
    `peak ${peak.toFixed(0)}/s; sent ${rate.toFixed(0)}/s for ${(load.elapsedMs / 60_000).toFixed(1)} minutes`,
    `accepted ${perSecond.toFixed(0)}/s: goodput / peak ${shown(goodput, 2)} (at least ${GOODPUT}: ${goodput >= GOODPUT ? 'holds' : 'MISSED'}); ${backlog} posts wait at the end`,
    `accepted p50 ${shown(load.accepted.p50, 1)} ms, p99 ${shown(load.accepted.p99, 1)} ms`,
    `refused p50 ${shown(load.refused.p50, 1)} ms, p99 ${shown(load.refused.p99, 1)} ms; by the service itself p99 ${shown(load.refusedService.p99, 1)} ms`,
    `answers ${JSON.stringify(load.statuses)}, not sent ${load.unsent} of ${load.due}`,
  ];
  const rows = memory.map(({ name, samples, peakMiB, mibPerMinute, flat }) => [
    ...[name, shown(samples[0] ?? Number.NaN, 0), shown(peakMiB, 0), shown(samples.at(-1) ?? Number.NaN, 0)],
    ...[shown(mibPerMinute, 2), flat ? 'flat' : 'GROWS'],
  ]);
  const head = ['memory, MiB', 'first', 'peak', 'last', 'a minute, last 2/3', ''];
  return `${lines.join('\n')}\n\n${textTable([head, ...rows])}`;
}
