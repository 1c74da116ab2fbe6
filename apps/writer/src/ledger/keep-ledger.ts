import type { Events } from '../events.js';
import type { LedgerKeeper } from './ledger-keeper.js';

const EVERY_MS = 2_000;

/** Looks every two seconds. Returns how to stop; it waits for the last look. */
export function keepLedger(
  keeper: LedgerKeeper,
  shards: readonly string[],
  events: Events,
): () => Promise<void> {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let looking = Promise.resolve();
  const look = async (): Promise<void> => {
    for (const shard of shards)
      await keeper.look(shard).catch((error: unknown) => events.ledgerLate(shard, error));
    next(EVERY_MS);
  };
  const next = (afterMs: number): void => {
    if (!stopped) timer = setTimeout(() => void (looking = look()), afterMs);
  };
  next(0);
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await looking;
    // What the last batches were committed as.
    for (const shard of shards)
      await keeper.look(shard).catch((error: unknown) => events.ledgerLate(shard, error));
  };
}
