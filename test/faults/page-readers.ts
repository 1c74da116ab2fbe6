import type { Caller } from './callers.js';
import { REQUEST_DEADLINE_MS } from './http.js';

/** One read of a first page. */
export interface PageRead {
  readonly at: number;
  readonly tookMs: number;
  /** Null when there was no answer. */
  readonly status: number | null;
  readonly servedBy: string;
}

const EVERY_MS = 50;

/** Clients that look at the first page of their tenant again and again. */
export class PageReaders {
  private readonly reads: PageRead[] = [];
  private running: Promise<void>[] = [];
  private stopped = false;

  constructor(
    private readonly baseUrl: string,
    private readonly callers: readonly Caller[],
  ) {}

  start(): void {
    this.running = this.callers.map((caller) => this.keepReading(caller));
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.running);
  }

  between(from: number, to: number): readonly PageRead[] {
    return this.reads.filter(({ at }) => at >= from && at < to);
  }

  private async keepReading(caller: Caller): Promise<void> {
    while (!this.stopped) {
      this.reads.push(await this.read(caller));
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }

  private async read({ token }: Caller): Promise<PageRead> {
    const at = Date.now();
    const told = (status: number | null, servedBy: string): PageRead => ({
      ...{ at, tookMs: Date.now() - at, status, servedBy },
    });
    try {
      const answer = await fetch(`${this.baseUrl}/v1/posts`, {
        headers: { authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(REQUEST_DEADLINE_MS),
      });
      await answer.text();
      return told(answer.status, answer.headers.get('served-by') ?? '');
    } catch {
      return told(null, '');
    }
  }
}

/** Milliseconds below which this share of the reads was answered; 0 for none. */
export function readPercentile(reads: readonly PageRead[], share: number): number {
  const sorted = reads.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
