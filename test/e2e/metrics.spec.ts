import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, notYet, readStack } from '@spillway/testing';
import { callerOf, type Followed, freshTenant, tokenOf } from './api.js';
import { takeTurnsWithTheWriters } from './held-writers.js';
import { FROM_INSTRUMENTATIONS, LABELS, METRIC_NAMES, SOMETIMES } from './metric-names.js';

const ROLES = ['gateway', 'writer', 'reader'] as const;
type AppRole = (typeof ROLES)[number];
const SUB = 'metrics-author';
const CONTENT = 'measured-but-not-told';

const stack = readStack();

/** The scrapes of all processes of an app, one after the other. */
async function scrape(role: AppRole): Promise<string> {
  const texts = stack
    .ofRole(role)
    .map(async ({ adminUrl = '' }) => (await fetch(`${adminUrl}/metrics`)).text());
  return (await Promise.all(texts)).join('\n');
}

const ours = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#') && !FROM_INSTRUMENTATIONS.test(line));

const namesIn = (text: string): string[] => [
  ...new Set(
    [...text.matchAll(/^# TYPE (\S+) /gm)]
      .map(([, name = '']) => name)
      .filter((name) => !FROM_INSTRUMENTATIONS.test(name)),
  ),
];

describe('the metrics of running processes', () => {
  // A writer that another spec has stopped answers no scrape.
  takeTurnsWithTheWriters();
  const tenant = freshTenant();
  let followed: Followed;

  beforeAll(async () => {
    const api = await callerOf(tenant, SUB);
    followed = await api.postAndFollow({ content: CONTENT });
    const headers = { 'consistency-token': tokenOf(followed.job) };
    expect((await api.send('GET', `/v1/posts/${followed.job.postId}`, { headers })).status).toBe(200);
  });

  it.each(ROLES)('of the %s have exactly these names', async (role) => {
    const frozen: readonly string[] = METRIC_NAMES[role];
    await eventually(
      `the ${role} has its metrics`,
      async () => {
        const names = namesIn(await scrape(role));
        const missing = frozen.filter((name) => !names.includes(name));
        const unknown = names.filter((name) => !frozen.includes(name) && !SOMETIMES.includes(name));
        return missing.length + unknown.length === 0 || notYet({ missing, unknown });
      },
      { deadlineMs: 20_000, everyMs: 500 },
    );
  });

  it.each(ROLES)('of the %s have no label but these, and nothing of a client in them', async (role) => {
    const text = await scrape(role);
    const labels = new Set(
      ours(text).flatMap((line) => [...line.matchAll(/[{,]([a-z_]+)="/g)].map(([, label = '']) => label)),
    );
    expect([...labels].filter((label) => !LABELS.includes(label))).toEqual([]);
    for (const told of [tenant, SUB, CONTENT, followed.job.postId, followed.job.jobId])
      expect(text).not.toContain(told);
  });

  it.each(ROLES)('of the %s count from 0 what has not happened', async (role) => {
    const lines = ours(await scrape(role));
    for (const series of [
      'posts_failed_total{code="discarded"}',
      'posts_refused_total{reason="shutting_down"}',
      'cache_requests_total{cache="pages",outcome="stale"}',
    ])
      expect(lines.filter((line) => line.startsWith(`${series} `)).length).toBe(stack.ofRole(role).length);
  });
});
