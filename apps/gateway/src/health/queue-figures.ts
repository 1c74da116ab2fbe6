import { bulkQueue, RETRY_QUEUE, writeQueue } from '@spillway/messaging';

/** The answer of `GET /health/queue`. A figure that is not known here is null, never guessed. */
export interface QueueFigures {
  readonly queue: 'post-creation';
  readonly waiting: number | null;
  readonly active: number | null;
  readonly completed: number | null;
  readonly failed: number | null;
  readonly delayed: number | null;
  readonly total: number | null;
}

interface ManagedQueue {
  readonly name: string;
  readonly messages_ready?: number;
  readonly messages_unacknowledged?: number;
}

const UNKNOWN: QueueFigures = {
  queue: 'post-creation',
  waiting: null,
  active: null,
  completed: null,
  failed: null,
  delayed: null,
  total: null,
};
const TIMEOUT_MS = 2_000;
const KEEP_MS = 1_000;

/** Asks the broker's management API, at most once a second however often it is asked itself. */
export class QueueFiguresReader {
  private readonly endpoint: URL;
  private readonly authorization: string;
  private readonly work: ReadonlySet<string>;
  private latest: { readonly at: number; readonly figures: Promise<QueueFigures> } | undefined;

  constructor(managementUrl: string, shards: readonly string[]) {
    const base = new URL(managementUrl);
    this.authorization = `Basic ${Buffer.from(`${decodeURIComponent(base.username)}:${decodeURIComponent(base.password)}`).toString('base64')}`;
    base.username = '';
    base.password = '';
    this.endpoint = new URL('/api/queues/%2F?columns=name,messages_ready,messages_unacknowledged', base);
    this.work = new Set(shards.flatMap((shard) => [writeQueue(shard), bulkQueue(shard)]));
  }

  read(): Promise<QueueFigures> {
    const now = Date.now();
    if (!this.latest || now - this.latest.at > KEEP_MS)
      this.latest = { at: now, figures: this.ask().catch(() => UNKNOWN) };
    return this.latest.figures;
  }

  private async ask(): Promise<QueueFigures> {
    const response = await fetch(this.endpoint, {
      headers: { authorization: this.authorization },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) return UNKNOWN;
    const queues = (await response.json()) as ManagedQueue[];
    const work = queues.filter(({ name }) => this.work.has(name));
    if (work.length < this.work.size || work.some((queue) => queue.messages_ready === undefined))
      return UNKNOWN;
    const waiting = sum(work.map((queue) => queue.messages_ready));
    const active = sum(work.map((queue) => queue.messages_unacknowledged));
    const delayed = sum(
      queues.filter(({ name }) => name === RETRY_QUEUE).map((queue) => queue.messages_ready),
    );
    return { ...UNKNOWN, waiting, active, delayed, total: waiting + active + delayed };
  }
}

const sum = (numbers: readonly (number | undefined)[]): number =>
  numbers.reduce<number>((total, n) => total + (n ?? 0), 0);
