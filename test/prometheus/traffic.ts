import { expect } from '@jest/globals';
import { eventually, notYet } from '@spillway/testing';
import { callerOf, tokenOf } from '../e2e/api.js';
import { scrapedBefore } from './prometheus.js';

/**
 * Writes and reads, waits until Prometheus has scraped every target, and does it again: a rate sees what comes after
 * the first scrape of a series, so some traffic makes the series and the rest is measured.
 */
export async function measuredTraffic(prometheus: string, tenant: string): Promise<void> {
  await traffic(tenant);
  await scraped(prometheus, Date.now());
  await traffic(tenant);
}

/** Waits until every target was scraped after a moment, in Unix milliseconds. */
export const scraped = (prometheus: string, since: number): Promise<boolean> =>
  eventually(
    'Prometheus has scraped everything since',
    async () => {
      const late = await scrapedBefore(prometheus, since);
      return late.length === 0 || notYet(late);
    },
    { deadlineMs: 60_000, everyMs: 500 },
  );

async function traffic(tenant: string): Promise<void> {
  const api = await callerOf(tenant);
  for (let n = 1; n <= 3; n++) {
    const { job } = await api.postAndFollow({ content: `seen ${n}` });
    expect((await api.send('GET', '/v1/posts')).status).toBe(200);
    const headers = { 'consistency-token': tokenOf(job) };
    expect((await api.send('GET', `/v1/posts/${job.postId}`, { headers })).status).toBe(200);
  }
}
