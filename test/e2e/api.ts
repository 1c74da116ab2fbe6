import { eventually, mintToken, readStack, type Stack } from '@spillway/testing';
import type { Accepted, Job, Problem } from '@spillway/contracts';

/** An answer with its body read. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  json<T>(): T;
}

export interface Api {
  readonly stack: Stack;
  readonly tenant: string;
  send(method: string, path: string, options?: SendOptions): Promise<Answer>;
  /** Submits a post and follows its job to the end. */
  postAndFollow(body: object, path?: string, headers?: Readonly<Record<string, string>>): Promise<Followed>;
  followJob(jobId: string): Promise<Job>;
}

export interface Followed {
  readonly accepted: Accepted;
  readonly job: Job;
}

export interface SendOptions {
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** null: without a token. */
  readonly token?: string | null;
}

const JOB_DEADLINE_MS = 20_000;

/** The public API of the test stack as one caller of one tenant sees it. */
export async function callerOf(
  tenant: string,
  sub = 'alice',
  roles: readonly string[] = ['author'],
): Promise<Api> {
  const stack = readStack();
  const ownToken = await mintToken(stack.dir, { tenant, sub, roles: [...roles] });
  const send = async (
    method: string,
    path: string,
    { body, headers, token = ownToken }: SendOptions = {},
  ): Promise<Answer> => {
    const response = await fetch(stack.baseUrl + path, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(JOB_DEADLINE_MS),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: <T>() => JSON.parse(text) as T };
  };
  const followJob = (jobId: string): Promise<Job> =>
    eventually(
      `job ${jobId} ends`,
      async () => {
        const answer = await send('GET', `/v1/jobs/${jobId}`);
        const job = answer.json<Job>();
        return answer.status === 200 && job.status !== 'processing' ? job : null;
      },
      { deadlineMs: JOB_DEADLINE_MS },
    );
  return {
    stack,
    tenant,
    send,
    followJob,
    async postAndFollow(body, path = '/v1/posts', headers = {}) {
      const answer = await send('POST', path, { body: JSON.stringify(body), headers });
      if (answer.status !== 202) throw new Error(`${answer.status} instead of 202: ${answer.text}`);
      const accepted = answer.json<Accepted>();
      return { accepted, job: await followJob(accepted.jobId) };
    },
  };
}

/** The consistency token that every completed job has. */
export function tokenOf(job: Job): string {
  if (job.status !== 'completed' || job.consistencyToken === undefined) {
    throw new Error(`the job did not complete: ${JSON.stringify(job)}`);
  }
  return job.consistencyToken;
}

export const problemOf = (answer: Answer): Problem => answer.json<Problem>();

/** A tenant nobody else uses. */
export const freshTenant = (): string => `t-${crypto.randomUUID()}`;
