import {
  ENVELOPE_TYPE,
  replayableEnvelope,
  type ShardDirectory,
  processClock,
} from '@spillway/contracts/server';
import type { Router, Scope } from '@spillway/database';
import { writeQueue, type Publisher } from '@spillway/messaging';
import type { Events } from '../events.js';

interface Row {
  readonly id: string;
  readonly action_id: string;
  readonly tenant_id: string;
  readonly ordinal: number;
  readonly payload: Buffer;
}

/** Few at a time: their locks are held until the broker has confirmed, and each may have 128 KiB. */
const AT_ONCE = 20;

/** What another writer is publishing is skipped. */
const TAKE = `
  SELECT d.id, a.action_id, d.tenant_id, d.ordinal, d.payload
  FROM dead_letters d
  JOIN dead_letter_actions a ON a.letter_id = d.id AND a.action = 'replay' AND a.result = 'requested'
  WHERE d.state = 'replaying'
  ORDER BY d.id
  LIMIT $1
  FOR UPDATE OF d SKIP LOCKED`;

const MARK = `
  WITH resolved AS (
    UPDATE dead_letters SET state = g.state, resolved_at = CASE WHEN g.state = 'open' THEN NULL ELSE clock_timestamp() END
    FROM unnest($1::uuid[], $2::text[]) AS g(id, state) WHERE dead_letters.id = g.id
  )
  UPDATE dead_letter_actions a SET result = g.result, detail = g.detail, ended_at = clock_timestamp()
  FROM unnest($3::uuid[], $4::text[], $5::text[]) AS g(action_id, result, detail) WHERE a.action_id = g.action_id`;

interface Published {
  readonly row: Row;
  readonly done: boolean;
}

/**
 * Publishes what operators decided to replay. The decision is in the database, so a replay survives a
 * crash and a broker that is away. A crash between the confirm and the mark publishes a command again
 * under the same message id, which changes nothing: carrying it out twice equals once.
 */
export class ReplayOutbox {
  constructor(
    private readonly router: Router,
    private readonly publisher: Publisher,
    private readonly directory: ShardDirectory,
    private readonly events: Events,
  ) {}

  /** Publishes the oldest few of a shard. Returns how many there were; `failed` of them wait for the next time. */
  async publishSome(shard: string): Promise<{ readonly taken: number; readonly failed: number }> {
    return this.router.onPrimary(shard, (scope) =>
      scope.transaction(async () => {
        const rows = await scope.query<Row>(TAKE, [AT_ONCE]);
        const tried = await Promise.all(rows.map((row) => this.publish(shard, row)));
        const over = tried.filter((one) => one !== null);
        if (over.length > 0) await mark(scope, over);
        return { taken: rows.length, failed: rows.length - over.length };
      }),
    );
  }

  /** Null when the broker did not take it. */
  private async publish(shard: string, row: Row): Promise<Published | null> {
    const body = replayableEnvelope(row.payload, row.ordinal);
    if (!body) return { row, done: false };
    try {
      await this.publisher.publish({
        messageId: row.action_id,
        type: ENVELOPE_TYPE,
        routingKey: writeQueue(this.directory.shardOf(row.tenant_id)),
        body,
        posts: 0,
        timestamp: processClock.now(),
      });
      return { row, done: true };
    } catch (error) {
      this.events.replayLate(shard, error);
      return null;
    }
  }
}

async function mark(scope: Scope, published: readonly Published[]): Promise<void> {
  await scope.query(MARK, [
    published.map(({ row }) => row.id),
    published.map(({ done }) => (done ? 'replayed' : 'open')),
    published.map(({ row }) => row.action_id),
    published.map(({ done }) => (done ? 'done' : 'refused')),
    published.map(({ done }) => (done ? null : 'the message holds no such command')),
  ]);
}

const EVERY_MS = 500;
const AFTER_FAILURE_MS = 5_000;

/** Looks twice a second, and at once again while there is more. Returns how to stop; it waits for the last. */
export function keepReplaying(
  outbox: ReplayOutbox,
  shards: readonly string[],
  events: Events,
): () => Promise<void> {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let looking = Promise.resolve();
  const look = async (): Promise<void> => {
    let [more, failures] = [false, 0];
    for (const shard of shards) {
      const { taken, failed } = await outbox.publishSome(shard).catch((error: unknown) => {
        events.replayLate(shard, error);
        return { taken: 0, failed: 1 };
      });
      more ||= taken === AT_ONCE;
      failures += failed;
    }
    next(failures > 0 ? AFTER_FAILURE_MS : more ? 0 : EVERY_MS);
  };
  const next = (afterMs: number): void => {
    if (!stopped) timer = setTimeout(() => void (looking = look()), afterMs);
  };
  next(EVERY_MS);
  return () => {
    stopped = true;
    clearTimeout(timer);
    return looking;
  };
}
