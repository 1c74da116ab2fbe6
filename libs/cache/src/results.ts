import type { ErrorCode, Position } from '@spillway/contracts';
import { meters } from '@spillway/telemetry';
import type { CacheConnection } from './cache-connection.js';
import { resultKey } from './keys.js';

/** How a command ended, kept for a while so that polling its job costs no database. */
export type Result =
  | {
      readonly ended: 'completed';
      readonly at: number;
      readonly position: Position;
      readonly traceId?: string;
      readonly superseded?: boolean;
      /** The post to answer with, when it is another one than the command's. */
      readonly postId?: string;
    }
  | { readonly ended: 'failed'; readonly at: number; readonly code: ErrorCode; readonly detail: string };

export interface ResultEntry {
  readonly tenantId: string;
  readonly commandId: string;
  readonly result: Result;
}

const KEEP_SECONDS = 600;

/** Recent results of commands. Losing them loses time, never truth: the databases know as well. */
export class Results {
  constructor(private readonly cache: CacheConnection) {}

  /** Best effort, in one pipeline. */
  async put(entries: readonly ResultEntry[]): Promise<void> {
    if (entries.length === 0) return;
    await this.cache.call(async (redis) => {
      const pipeline = redis.pipeline();
      for (const { tenantId, commandId, result } of entries) {
        pipeline.set(resultKey(tenantId, commandId), JSON.stringify(result), 'EX', KEEP_SECONDS);
      }
      await pipeline.exec();
    });
  }

  /** The result, or undefined when it is not known here. */
  async get(tenantId: string, commandId: string): Promise<Result | undefined> {
    const answer = await this.cache.call((redis) => redis.get(resultKey(tenantId, commandId)));
    const outcome = !answer.ok ? 'error' : answer.value === null ? 'miss' : 'hit';
    meters().cacheRequests.add(1, { cache: 'results', outcome });
    return answer.ok && answer.value !== null ? read(answer.value) : undefined;
  }
}

/** What cannot be read is not known here: the databases are asked instead. */
function read(text: string): Result | undefined {
  try {
    return JSON.parse(text) as Result;
  } catch {
    return undefined;
  }
}
