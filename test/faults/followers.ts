import type { Caller } from './callers.js';
import type { History, JobObservation, RequestRecord } from './history.js';
import { lookAtJob } from './http.js';

const EVERY_NTH = 10;
const MAX_FOLLOWED = 40;
const PAUSE_MS = 400;
const AT_ONCE = 24;
/** That every command has ended is read from the primary; that jobs say so is tried on so many of them. */
const JOBS_MAX = 1_500;

/** Polls a sample of the jobs while the load runs, and up to 1500 of them once all is over. */
export class Followers {
  private readonly active = new Set<Promise<void>>();
  private readonly tokens: Map<string, string>;
  private seen = 0;
  private following = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly baseUrl: string,
    private readonly history: History,
    callers: readonly Caller[],
  ) {
    this.tokens = new Map(callers.map((c) => [c.tenant, c.token]));
  }

  /** Looks at jobs of this caller's tenant too. */
  know({ tenant, token }: Caller): void {
    this.tokens.set(tenant, token);
  }

  start(): void {
    this.following = true;
    this.timer = setInterval(() => {
      const { requests } = this.history;
      for (; this.seen < requests.length; this.seen++) {
        const request = requests[this.seen];
        if (this.seen % EVERY_NTH === 0 && this.active.size < MAX_FOLLOWED && request) this.follow(request);
      }
    }, 50);
  }

  async stop(): Promise<void> {
    this.following = false;
    clearInterval(this.timer);
    await Promise.all(this.active);
  }

  /** Looks at one job and keeps what it showed. */
  async look(request: RequestRecord): Promise<JobObservation & { readonly httpStatus: number | null }> {
    if (request.answer.kind !== 'accepted') throw new Error('only an accepted request has a job');
    const { jobId } = request.answer;
    const { tenant } = request;
    const seen = { jobId, tenant, ...(await lookAtJob(this.baseUrl, jobId, this.tokens.get(tenant) ?? '')) };
    this.history.jobs.push(seen);
    return seen;
  }

  /** Looks at the accepted jobs, or evenly at some of very many, until they have ended. @returns those that have not by the deadline. */
  async untilAllEnded(deadlineAt: number): Promise<readonly RequestRecord[]> {
    const accepted = this.history.requests.filter((r) => r.answer.kind === 'accepted');
    const step = Math.max(1, Math.ceil(accepted.length / JOBS_MAX));
    let open = accepted.filter((_, i) => i % step === 0);
    for (;;) {
      const unfinished: RequestRecord[] = [];
      const todo = open.values();
      const worker = async (): Promise<void> => {
        for (const request of todo) {
          const { status, reason } = await this.look(request);
          // What is parked waits for people, and says so.
          const open = status === 'processing' && reason !== 'parked';
          if (open || status === 'unavailable') unfinished.push(request);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
      open = unfinished;
      if (open.length === 0 || Date.now() > deadlineAt) return open;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  private follow(request: RequestRecord): void {
    if (request.answer.kind !== 'accepted') return;
    const work = this.poll(request).finally(() => this.active.delete(work));
    this.active.add(work);
  }

  private async poll(request: RequestRecord): Promise<void> {
    while (this.following) {
      const { status } = await this.look(request);
      if (status === 'completed' || status === 'failed' || status === 'not_found') return;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
