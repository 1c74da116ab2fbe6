import type { ChainableCommander, RedisCommander } from 'ioredis';
import type { CommandResult } from '@spillway/contracts/server';
import { meters } from '@spillway/telemetry';
import type { CacheAnswer, CacheConnection } from './cache-connection.js';
import { newsChannel, resultKey } from './keys.js';
import { encodeNews } from './result-news.js';

/** How a command ended, kept for a while so that polling its job costs no database. */
export type Result = CommandResult;

export interface ResultEntry {
  readonly tenantId: string;
  readonly commandId: string;
  readonly result: Result;
}

/** What a batch of a shard led to. */
export interface BatchResults {
  readonly shard: string;
  readonly entries: readonly ResultEntry[];
  /** Every command whose job may have changed, whether or not its result is among the entries. */
  readonly changed: ReadonlySet<string>;
}

const KEEP_SECONDS = 600;

/** Recent results of commands. Losing them loses time, never truth: the databases know as well. */
export class Results {
  constructor(private readonly cache: CacheConnection) {}

  /** Keeps the results and then wakes who waits for these commands. Best effort, in one pipeline if there is one. */
  async put(batch: BatchResults): Promise<void> {
    if (batch.entries.length === 0 && batch.changed.size === 0) return;
    await this.cache.call(async (redis, pipeline) => {
      if (pipeline) await sendTogether(pipeline(), batch);
      else await sendOneByOne(redis, batch);
    });
  }

  /** The result, or undefined when it is not known here. */
  async get(tenantId: string, commandId: string): Promise<Result | undefined> {
    const answer = await this.find(tenantId, commandId);
    return answer.ok ? (answer.value ?? undefined) : undefined;
  }

  /** The result, null when there is none, or that Redis does not answer. */
  async find(tenantId: string, commandId: string): Promise<CacheAnswer<Result | null>> {
    const answer = await this.cache.call((redis) => redis.get(resultKey(tenantId, commandId)));
    const outcome = !answer.ok ? 'error' : answer.value === null ? 'miss' : 'hit';
    meters().cacheRequests.add(1, { cache: 'results', outcome });
    return answer.ok ? { ok: true, value: answer.value === null ? null : read(answer.value) } : answer;
  }
}

async function sendTogether(
  pipeline: ChainableCommander,
  { shard, entries, changed }: BatchResults,
): Promise<void> {
  for (const { tenantId, commandId, result } of entries)
    pipeline.set(resultKey(tenantId, commandId), JSON.stringify(result), 'EX', KEEP_SECONDS);
  if (changed.size > 0) pipeline.publish(newsChannel(shard), encodeNews(changed));
  await pipeline.exec();
}

/** To each node what is its own, and the news when all is there, or some that hear them would look too early. */
async function sendOneByOne(redis: RedisCommander, { shard, entries, changed }: BatchResults): Promise<void> {
  await Promise.all(
    entries.map(({ tenantId, commandId, result }) =>
      redis.set(resultKey(tenantId, commandId), JSON.stringify(result), 'EX', KEEP_SECONDS),
    ),
  );
  if (changed.size > 0) await redis.publish(newsChannel(shard), encodeNews(changed));
}

/** What cannot be read is not known here: the databases are asked instead. */
function read(text: string): Result | null {
  try {
    return JSON.parse(text) as Result;
  } catch {
    return null;
  }
}
