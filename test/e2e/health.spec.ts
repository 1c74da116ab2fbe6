import { describe, expect, it } from '@jest/globals';
import { eventually, readStack } from '@spillway/testing';
import { callerOf, freshTenant } from './api.js';
import { takeTurnsWithTheWriters } from './held-writers.js';

const stack = readStack();

/** The answer is read to its end: one that is not keeps its connection. */
async function statusOf(url: string): Promise<number> {
  const response = await fetch(url);
  await response.arrayBuffer();
  return response.status;
}

describe('health', () => {
  // A writer that another spec has stopped answers nothing.
  takeTurnsWithTheWriters();

  it('tells dependencies without their addresses, and needs no token', async () => {
    const response = await fetch(`${stack.baseUrl}/health`);
    const text = await response.text();
    expect(response.status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({
      status: 'up',
      ready: true,
      dependencies: { rabbitmq: { status: 'up', required: true } },
    });
    expect(text).not.toMatch(/127\.0\.0\.1|:\/\//);
    for (const path of ['/health/live', '/health/ready'])
      expect(await statusOf(stack.baseUrl + path)).toBe(200);
  });

  it('tells the queue, and by the ledger what became of what went through it', async () => {
    const figures = await eventually('the broker tells its figures', async () => {
      const body = (await (await fetch(`${stack.baseUrl}/health/queue`)).json()) as Record<string, unknown>;
      return body['waiting'] === null || body['completed'] === null ? null : body;
    });
    expect(figures).toEqual({
      queue: 'post-creation',
      waiting: expect.any(Number),
      active: expect.any(Number),
      delayed: expect.any(Number),
      total: expect.any(Number),
      completed: expect.any(Number),
      failed: expect.any(Number),
    });
  });

  it('of every app is on its admin port, which the edge does not route', async () => {
    for (const { role, adminUrl } of stack.processes()) {
      if (adminUrl === undefined || !['gateway', 'writer', 'reader'].includes(role)) continue;
      for (const path of ['/health/live', '/health/ready', '/metrics']) {
        expect([role, path, await statusOf(adminUrl + path)]).toEqual([role, path, 200]);
      }
    }
    expect(await statusOf(`${stack.baseUrl}/metrics`)).not.toBe(200);
  });
});

describe('metrics', () => {
  it('count a post on its way, scraped by Prometheus', async () => {
    const api = await callerOf(freshTenant());
    await api.postAndFollow({ content: 'counted' });
    const prometheus = stack.urlOf('prometheus');
    const value = async (query: string): Promise<number> => {
      const response = await fetch(`${prometheus}/api/v1/query?query=${encodeURIComponent(query)}`);
      const body = (await response.json()) as { data: { result: { value: [number, string] }[] } };
      return Number(body.data.result[0]?.value[1] ?? 0);
    };
    const names = [
      'posts_accepted_total',
      'posts_committed_total',
      'publish_confirm_seconds_count',
      'post_commit_lag_seconds_count',
      'batch_size_count',
      'http_server_request_duration_count',
      'router_reads_total',
    ];
    for (const name of names) {
      await eventually(`Prometheus has ${name}`, async () => (await value(`sum(${name})`)) > 0, {
        deadlineMs: 30_000,
        everyMs: 500,
      });
    }
  });
});
