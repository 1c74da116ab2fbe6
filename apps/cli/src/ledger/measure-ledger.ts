import { ledgerGap, type LedgerFigures } from '@spillway/contracts/server';
import { readLedger, type Router } from '@spillway/database';
import { bulkQueue, DEAD_QUEUE, RETRY_QUEUE, writeQueue, type QueueDepths } from '@spillway/messaging';

/** The ledger of one shard, measured once. */
export interface ShardLedger extends LedgerFigures {
  readonly shard: string;
  /** In the queues, those that writers hold included. The retry and dead-letter queues are of all shards. */
  readonly messages: number;
  /** Accepted commands that are nowhere. */
  readonly gap: number;
}

/** @throws Error when a database or the broker's management API cannot be asked. */
export function measureLedger(
  router: Router,
  depths: Pick<QueueDepths, 'read'>,
  shards: readonly string[],
): Promise<ShardLedger[]> {
  return Promise.all(
    shards.map(async (shard) => {
      const before = await router.onPrimary(shard, readLedger);
      const queues = [writeQueue(shard), bulkQueue(shard), RETRY_QUEUE, DEAD_QUEUE];
      const counted = [...(await depths.read(queues)).values()];
      const messages = counted.reduce((sum, { ready, unacked }) => sum + ready + unacked, 0);
      const after = await router.onPrimary(shard, readLedger);
      const { accepted, surplus } = before;
      return { ...after, accepted, surplus, shard, messages, gap: ledgerGap(before, messages, after) };
    }),
  );
}
