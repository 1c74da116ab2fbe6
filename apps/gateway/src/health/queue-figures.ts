import type { LedgerMirror } from '@spillway/cache';
import { processClock } from '@spillway/contracts/server';
import { bulkQueue, RETRY_QUEUE, writeQueue, type QueueDepths } from '@spillway/messaging';

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

const UNKNOWN: QueueFigures = {
  queue: 'post-creation',
  waiting: null,
  active: null,
  completed: null,
  failed: null,
  delayed: null,
  total: null,
};
const KEEP_MS = 1_000;

/** Asks the broker's management API and the ledger, at most once a second however often it is asked itself. */
export class QueueFiguresReader {
  private latest: { readonly at: number; readonly figures: Promise<QueueFigures> } | undefined;

  constructor(
    private readonly depths: QueueDepths,
    private readonly ledger: Pick<LedgerMirror, 'figures'>,
    private readonly shards: readonly string[],
  ) {}

  read(): Promise<QueueFigures> {
    const now = processClock.now();
    if (!this.latest || now - this.latest.at > KEEP_MS) this.latest = { at: now, figures: this.ask() };
    return this.latest.figures;
  }

  private async ask(): Promise<QueueFigures> {
    const [queued, ended] = await Promise.all([this.queued().catch(() => ({})), this.ended()]);
    return { ...UNKNOWN, ...queued, ...ended };
  }

  private async queued(): Promise<Partial<QueueFigures>> {
    const work = this.shards.flatMap((shard) => [writeQueue(shard), bulkQueue(shard)]);
    const depths = await this.depths.read([...work, RETRY_QUEUE]);
    const waiting = sum(work.map((queue) => depths.get(queue)?.ready));
    const active = sum(work.map((queue) => depths.get(queue)?.unacked));
    const delayed = sum([depths.get(RETRY_QUEUE)?.ready]);
    return { waiting, active, delayed, total: waiting + active + delayed };
  }

  /** Since the ledger exists, or nothing when it is not known of every shard. */
  private async ended(): Promise<Partial<QueueFigures>> {
    const shards = await Promise.all(this.shards.map((shard) => this.ledger.figures(shard)));
    const known = shards.filter((figures) => figures !== undefined);
    if (known.length < shards.length) return {};
    return {
      completed: sum(known.map((f) => f.committed + f.duplicate + f.superseded)),
      failed: sum(known.map(({ failed }) => failed)),
    };
  }
}

const sum = (numbers: readonly (number | undefined)[]): number =>
  numbers.reduce<number>((total, n) => total + (n ?? 0), 0);
