import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench } from '../bench.js';
import { look, type Look } from './recorded-answer.js';

/** What the reads ask for. */
export interface Targets {
  readonly reader: string;
  /** The first page of a tenant, which is cached. */
  readonly cached: string;
  /** The same page, asked for in a way that is not cached. */
  readonly uncached: string;
  readonly post: string;
  /** Tokens of one tenant only. */
  readonly tokens: readonly [string, ...string[]];
  readonly tenant: string;
  /** The cached page as it is answered. */
  readonly page: Look;
  readonly consistencyToken: string;
  /** Of the reader's own role on the replica, behind its pooler. Holds credentials: never print it. */
  readonly replicaUrl: string;
}

const HOUR_MS = 3600_000;

/** Looks the targets up. @throws Error when the reader does not answer from where it should. */
export async function findTargets(bench: Bench): Promise<Targets> {
  const reader = bench.stack.urlOf('reader-1');
  const [first = ''] = bench.tokens;
  const tenant = tenantOf(first);
  const others = bench.tokens.slice(1).filter((token) => tenantOf(token) === tenant);
  const cached = '/v1/posts';
  const uncached = `/v1/posts?until=${encodeURIComponent(new Date(Date.now() + HOUR_MS).toISOString())}`;
  await look(reader + cached, first);
  const page = await look(reader + cached, first);
  requireServedBy(page, 'cache');
  requireServedBy(await look(reader + uncached, first), 'replica-1');
  const { items } = JSON.parse(page.body) as { readonly items: readonly { readonly id: string }[] };
  return {
    ...{ reader, cached, uncached, tenant, page, tokens: [first, ...others] },
    post: `/v1/posts/${items[0]?.id ?? ''}`,
    consistencyToken: await freshToken(bench, first),
    replicaUrl: replicaOf(bench),
  };
}

function requireServedBy({ servedBy }: Look, wanted: string): void {
  if (servedBy !== wanted) throw new Error(`a read was served by ${servedBy}, not by ${wanted}`);
}

const tenantOf = (token: string): string => {
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
    readonly tenant: string;
  };
  return claims.tenant;
};

/** Writes a post, waits for its commit, and returns the token that reads it. */
export async function freshToken({ stack, bodies }: Bench, token: string): Promise<string> {
  const accepted = await fetch(`${stack.baseUrl}/v1/posts`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: bodies[0] ?? '',
  });
  const { jobId } = (await accepted.json()) as { readonly jobId?: string };
  if (jobId === undefined) throw new Error(`a post was answered ${accepted.status}`);
  const job = await fetch(`${stack.baseUrl}/v1/jobs/${jobId}`, {
    headers: { authorization: `Bearer ${token}`, prefer: 'wait=10' },
  });
  const { consistencyToken } = (await job.json()) as { readonly consistencyToken?: string };
  if (consistencyToken === undefined) throw new Error('a job did not complete within ten seconds');
  return consistencyToken;
}

function replicaOf({ stack }: Bench): string {
  const text = readFileSync(join(stack.dir, 'env', 'reader-1.env'), 'utf8');
  const url = /^DATABASE_NODES='s0=[^|]+\|([^|;']+)/m.exec(text)?.[1];
  if (url === undefined) throw new Error('the reader knows no replica');
  return url;
}
