import type { LedgerMirror } from '@spillway/cache';
import { ledgerGap, type LedgerFigures } from '@spillway/contracts/server';
import { bulkQueue, DEAD_QUEUE, RETRY_QUEUE, writeQueue, type QueueDepths } from '@spillway/messaging';
import { observe, type Observation } from '@spillway/telemetry';

const EVERY_MS = 5_000;
/** Writers tell the ledger every 2 s: figures this much newer are newer than the depths read in between. */
const NEWER_MS = 2_500;
const STATES = ['accepted', 'committed', 'duplicate', 'superseded', 'failed', 'parked', 'surplus'] as const;

interface Seen {
  readonly figures: LedgerFigures;
  readonly messages: number;
  readonly gap: number | undefined;
}

/**
 * The ledger of every shard for Prometheus. Whatever is not known now has no series: without Redis none, without
 * the management API no messages and no gap, without a writer no gap.
 */
export class LedgerWatch {
  private readonly seen = new Map<string, Seen>();
  private stopGauges: (() => void)[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly depths: Pick<QueueDepths, 'read'>,
    private readonly mirror: Pick<LedgerMirror, 'figures'>,
    private readonly shards: readonly string[],
  ) {}

  start(): void {
    this.stopGauges = [
      observe('ledger_commands', () =>
        this.observed(({ figures }) => STATES.map((state) => ({ value: figures[state], labels: { state } }))),
      ),
      observe('ledger_in_flight_messages', () =>
        this.observed(({ messages }) => (messages >= 0 ? [{ value: messages, labels: {} }] : [])),
      ),
      observe('ledger_gap', () =>
        this.observed(({ gap }) => (gap === undefined ? [] : [{ value: gap, labels: {} }])),
      ),
    ];
    const look = async (): Promise<void> => {
      for (const shard of this.shards) await this.look(shard);
      this.timer = setTimeout(() => void look(), EVERY_MS);
    };
    this.timer = setTimeout(() => void look(), 0);
  }

  stop(): void {
    clearTimeout(this.timer);
    for (const stopGauge of this.stopGauges) stopGauge();
  }

  /** Compares what was accepted at the last look with what ended until this one. */
  async look(shard: string): Promise<void> {
    const before = this.seen.get(shard);
    const figures = await this.mirror.figures(shard);
    if (!figures) {
      this.seen.delete(shard);
      return;
    }
    const comparable = before && before.messages >= 0 && figures.at - before.figures.at >= NEWER_MS;
    const gap = comparable ? ledgerGap(before.figures, before.messages, figures) : undefined;
    this.seen.set(shard, { figures, messages: await this.messagesOf(shard), gap });
  }

  /** The retry and dead-letter queues hold messages of every shard. -1 when it is not known. */
  private async messagesOf(shard: string): Promise<number> {
    try {
      const queues = [writeQueue(shard), bulkQueue(shard), RETRY_QUEUE, DEAD_QUEUE];
      const depths = await this.depths.read(queues);
      return [...depths.values()].reduce((sum, { ready, unacked }) => sum + ready + unacked, 0);
    } catch {
      return -1;
    }
  }

  private observed(of: (seen: Seen) => { value: number; labels: Record<string, string> }[]): Observation {
    return [...this.seen].flatMap(([shard, seen]) =>
      of(seen).map(({ value, labels }) => ({ value, labels: { shard, ...labels } })),
    );
  }
}
