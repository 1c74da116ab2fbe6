import { join } from 'node:path';
import { uuidV7 } from '@spillway/contracts';
import { REPO } from './layout.js';
import { phase, type Wait } from './phases.js';
import type { Plan } from './plan.js';
import { run } from './shell.js';

interface Job {
  readonly status: string;
  readonly postId: string;
  readonly consistencyToken?: string;
  readonly error?: { readonly code: string; readonly detail: string };
}

/**
 * Proves the whole way: a token, a post through the edge, its job, and the post read back from a replica that has
 * replayed it. Prints that with the addresses to look at; nothing is printed when an app has no instance.
 */
export async function smoke(plan: Plan): Promise<void> {
  const { gateways, writers, readers } = plan.counts;
  if (Math.min(gateways, writers, readers) === 0) return void console.log(links(plan).join('\n'));
  const token = await mintToken(plan);
  let told: string[] = [];
  const first = { name: 'First post', deadlineMs: 30_000, processes: ['gateway-1', 'writer-1', 'reader-1'] };
  await phase(plan.layout, new AbortController().signal, first, async (wait) => {
    told = await firstPost(plan, token, wait);
  });
  const url = `${plan.baseUrl}/v1/posts`;
  const headers = `-H 'Content-Type: application/json' -H 'Authorization: Bearer ${token}'`;
  const paste = `curl -i ${url} ${headers} -d '{"content":"Hello, Spillway"}'`;
  const lines = [
    '',
    ...told,
    ...links(plan),
    '  a post of your own (the token is valid for 12 h):',
    '',
    paste,
    '',
  ];
  console.log(lines.join('\n'));
}

/** @returns what to tell about it. @throws Error when the post is refused, fails, or is read back as another. */
async function firstPost(plan: Plan, token: string, wait: Wait): Promise<string[]> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const began = Date.now();
  const content = `Spillway started, ${new Date().toISOString()}`;
  const body = JSON.stringify({ content });
  const accepted = await answer(`${plan.baseUrl}/v1/posts/${uuidV7()}`, { method: 'PUT', headers, body });
  const { jobId } = (await accepted.json()) as { jobId: string };
  const acceptedMs = Date.now() - began;
  const job = await finishedJob(`${plan.baseUrl}/v1/jobs/${jobId}`, headers, wait);
  const committedMs = Date.now() - began;
  const read = await answer(`${plan.baseUrl}/v1/posts/${job.postId}`, {
    headers: { ...headers, 'consistency-token': job.consistencyToken ?? '' },
  });
  const post = (await read.json()) as { content: string };
  if (post.content !== content) throw new Error(`it was read back as ${JSON.stringify(post.content)}`);
  return [
    `One post went all the way: accepted after ${acceptedMs} ms, its job completed after ${committedMs} ms,`,
    `read back from ${read.headers.get('served-by') ?? 'a database'}: ${JSON.stringify(post.content)}`,
  ];
}

async function finishedJob(url: string, headers: Record<string, string>, wait: Wait): Promise<Job> {
  let job: Job | undefined;
  await wait('writer-1 to commit the first post', async () => {
    job = (await (await answer(url, { headers })).json()) as Job;
    return job.status !== 'processing';
  });
  if (job?.status !== 'completed') throw new Error(`its job failed: ${JSON.stringify(job?.error)}`);
  return job;
}

const links = ({ baseUrl, ports, secrets }: Plan): string[] => [
  '',
  `  API              ${baseUrl}`,
  `  traces           http://127.0.0.1:${ports.traceUi}`,
  `  Prometheus       http://127.0.0.1:${ports.prometheus}`,
  `  RabbitMQ         http://127.0.0.1:${ports.management}  (monitor / ${secrets.passwords.amqpMonitor})`,
];

async function mintToken(plan: Plan): Promise<string> {
  const cli = [
    plan.layout.node,
    `--env-file=${plan.layout.path('env', 'cli.env')}`,
    join(REPO, 'apps/cli/dist/main.js'),
  ];
  return (await run([...cli, 'token', '--tenant', 'acme', '--sub', 'alice', '--roles', 'author'])).trim();
}

/** @throws Error with status and body unless the answer is 2xx. */
async function answer(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(10_000) });
  if (response.ok) return response;
  throw new Error(
    `${init.method ?? 'GET'} ${new URL(url).pathname} answered ${response.status}: ${(await response.text()).slice(0, 300)}`,
  );
}
