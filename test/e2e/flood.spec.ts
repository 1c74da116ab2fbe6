import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { uuidV7, type Accepted } from '@spillway/contracts';
import { eventually, mintToken, readStack } from '@spillway/testing';
import { Client } from 'pg';
import { callerOf, freshTenant } from './api.js';

const run = promisify(execFile);
const stack = readStack();

async function countPosts(tenant: string): Promise<number> {
  const client = new Client({ connectionString: stack.urlOf('postgres-primary') });
  await client.connect();
  try {
    const { rows } = await client.query<{ n: string }>(
      'SELECT count(*) AS n FROM posts WHERE tenant_id = $1',
      [tenant],
    );
    return Number(rows[0]?.n);
  } finally {
    await client.end();
  }
}

describe('a flood', () => {
  it('of a thousand requests from a hundred connections is accepted and committed to the last', async () => {
    const tenant = freshTenant();
    const token = await mintToken(stack.dir, { tenant, sub: 'ab', roles: ['author'] });
    const dir = await mkdtemp(join(tmpdir(), 'spillway-ab-'));
    try {
      const body = join(dir, 'post.json');
      await writeFile(body, JSON.stringify({ content: 'one of a thousand' }));
      const target = `${stack.baseUrl}/v1/post/create`;
      const header = `Authorization: Bearer ${token}`;
      const { stdout } = await run('ab', [
        '-q',
        '-n',
        '1000',
        '-c',
        '100',
        '-H',
        header,
        '-T',
        'application/json',
        '-p',
        body,
        target,
      ]);
      expect(stdout).toMatch(/Complete requests:\s+1000\n/);
      expect(stdout).toMatch(/Failed requests:\s+0\n/);
      expect(stdout).not.toMatch(/Non-2xx responses/);
    } finally {
      await rm(dir, { recursive: true });
    }
    await eventually('all thousand are on the primary', async () => (await countPosts(tenant)) === 1000, {
      deadlineMs: 30_000,
    });
  }, 90_000);

  it('outlives a writer that is told to stop in the middle: each post once', async () => {
    const api = await callerOf(freshTenant());
    const ids = Array.from({ length: 300 }, () => uuidV7());
    const accepted = ids.map(async (id, n) => {
      if (n === 150) process.kill(stack.one('writer-1').pid, 'SIGTERM');
      const answer = await api.send('PUT', `/v1/posts/${id}`, {
        body: JSON.stringify({ content: `post ${id}` }),
      });
      expect(answer.status).toBe(202);
      return answer.json<Accepted>().jobId;
    });
    const jobs = await Promise.all((await Promise.all(accepted)).map((jobId) => api.followJob(jobId)));
    expect(jobs.every((job) => job.status === 'completed')).toBe(true);
    expect(await countPosts(api.tenant)).toBe(300);
  }, 60_000);
});
