import type { FaultContext } from './fault.js';
import { REQUEST_DEADLINE_MS } from './http.js';
import type { RequestRecord } from './history.js';

/** One read and how it was answered. */
export interface ReadRecord {
  /** True for a post that was asked for with the position of its commit. */
  readonly withToken: boolean;
  readonly t0: number;
  readonly t1: number;
  /** 0: no answer. */
  readonly status: number;
  readonly code: string;
  readonly servedBy: string;
  readonly lagMs: number;
  readonly stale: boolean;
  readonly retryAfter: string | null;
}

/** Reads at a steady rate beside the load: pages of the newest posts, and posts just committed by their token. */
export class ReadLoad {
  readonly records: ReadRecord[] = [];
  private readonly active = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;
  private turn = 0;

  constructor(
    private readonly context: FaultContext,
    private readonly perSecond: number,
  ) {}

  start(): void {
    this.timer = setInterval(() => {
      const read = this.turn++ % 2 === 0 ? this.page() : this.ownWrite();
      const ended: Promise<void> = read.finally(() => this.active.delete(ended));
      this.active.add(ended);
    }, 1000 / this.perSecond);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.active);
  }

  between(from: number, to: number): readonly ReadRecord[] {
    return this.records.filter(({ t0 }) => t0 >= from && t0 < to);
  }

  private async page(): Promise<void> {
    const { callers } = this.context;
    const caller = callers[this.turn % callers.length] ?? callers[0];
    await this.get('/v1/posts?limit=5', caller.token, {}, false);
  }

  /** The post of a recent request, read with the token of its job: it must be there. */
  private async ownWrite(): Promise<void> {
    const { history, callers, stack } = this.context;
    const recent = history.requests.slice(-200).filter((r) => r.answer.kind === 'accepted');
    const request = recent[Math.floor(Math.random() * recent.length)];
    if (!request) return;
    const token = callers.find(({ tenant }) => tenant === request.tenant)?.token ?? '';
    const job = await jobOf(stack.baseUrl, request, token);
    if (job?.consistencyToken === undefined || job.postId === undefined) return;
    await this.get(`/v1/posts/${job.postId}`, token, { 'consistency-token': job.consistencyToken }, true);
  }

  private async get(
    path: string,
    token: string,
    headers: Record<string, string>,
    withToken: boolean,
  ): Promise<void> {
    const t0 = Date.now();
    const record = {
      withToken,
      t0,
      status: 0,
      code: '',
      servedBy: '',
      lagMs: 0,
      stale: false,
      retryAfter: null,
    };
    try {
      const answer = await fetch(`${this.context.stack.baseUrl}${path}`, {
        headers: { authorization: `Bearer ${token}`, ...headers },
        signal: AbortSignal.timeout(REQUEST_DEADLINE_MS),
      });
      const body = (await answer.json()) as { readonly code?: string };
      this.records.push({
        ...record,
        ...{ t1: Date.now(), status: answer.status, code: body.code ?? '' },
        servedBy: answer.headers.get('served-by') ?? '',
        lagMs: Number(answer.headers.get('replica-lag') ?? 0),
        stale: answer.headers.has('replica-stale'),
        retryAfter: answer.headers.get('retry-after'),
      });
    } catch (error) {
      this.records.push({ ...record, t1: Date.now(), code: error instanceof Error ? error.name : 'unknown' });
    }
  }
}

async function jobOf(
  baseUrl: string,
  { answer }: RequestRecord,
  token: string,
): Promise<{ readonly consistencyToken?: string; readonly postId?: string } | undefined> {
  if (answer.kind !== 'accepted') return undefined;
  try {
    const response = await fetch(`${baseUrl}/v1/jobs/${answer.jobId}`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(REQUEST_DEADLINE_MS),
    });
    return response.status === 200 ? ((await response.json()) as object) : undefined;
  } catch {
    return undefined;
  }
}

/** `200 replica-1: 12, 503 database_unavailable: 1`. */
export function tallyReads(records: readonly ReadRecord[]): string {
  const counts = new Map<string, number>();
  for (const { status, servedBy, code } of records) {
    const kind = `${status} ${servedBy || code}`;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, n]) => `${kind}: ${n}`).join(', ') || 'none';
}

/** Milliseconds of the longest time in which reads ended and none of them well. */
export function longestOutageMs(records: readonly ReadRecord[]): number {
  let longest = 0;
  let since: number | undefined;
  for (const { t1, status } of [...records].sort((a, b) => a.t1 - b.t1)) {
    if (status === 200 || status === 404) since = undefined;
    else longest = Math.max(longest, t1 - (since ??= t1));
  }
  return longest;
}
