import type { CacheConnection } from './cache-connection.js';
import { idempotencyKeyOf } from './keys.js';

/** Whose key it is. */
export interface KeyRef {
  readonly tenantId: string;
  readonly authorId: string;
  /** SHA-256 of the key, in hex: what the client sent is not kept. */
  readonly keyHash: string;
}

/** The request a key was first used for; enough to send the same command again. */
export interface BoundRequest {
  readonly bodyHash: string;
  readonly commandId: string;
  /** Unix milliseconds; with the command id it makes the same job id again. */
  readonly acceptedAt: number;
}

/** What a key says of the request at hand. `unknown`: Redis does not answer, so the writer decides. */
export type KeyState =
  | { readonly is: 'ours' }
  | { readonly is: 'done' | 'in_progress' | 'abandoned'; readonly bound: BoundRequest }
  | { readonly is: 'unknown' };

const KEEP_MS = 24 * 3600_000;

/**
 * One round trip decides. A key is free, done, in progress until a moment, or abandoned after it: then
 * the caller takes it over, to send the very same command again.
 */
const CLAIM = `
local held = redis.call('HMGET', KEYS[1], 'body', 'command', 'at', 'until')
if not held[1] then
  redis.call('HSET', KEYS[1], 'body', ARGV[1], 'command', ARGV[2], 'at', ARGV[3], 'until', ARGV[5])
  redis.call('PEXPIRE', KEYS[1], ARGV[6])
  return {'ours'}
end
if not held[4] then return {'done', held[1], held[2], held[3]} end
if tonumber(held[4]) > tonumber(ARGV[4]) then return {'in_progress', held[1], held[2], held[3]} end
if held[1] == ARGV[1] then redis.call('HSET', KEYS[1], 'until', ARGV[5]) end
return {'abandoned', held[1], held[2], held[3]}`;

const FINISH = `
if redis.call('HGET', KEYS[1], 'command') == ARGV[1] then return redis.call('HDEL', KEYS[1], 'until') end
return 0`;

const RELEASE = `
local held = redis.call('HMGET', KEYS[1], 'command', 'until')
if held[1] == ARGV[1] and held[2] == ARGV[2] then
  return redis.call('DEL', KEYS[1])
end
return 0`;

/**
 * Which command an Idempotency-Key belongs to, shared by all gateways. A short cut: that a key makes one
 * post is guaranteed by the transaction that stores the post, so Redis may forget everything.
 */
export class IdempotencyKeys {
  constructor(private readonly cache: CacheConnection) {}

  /** Binds the key to `request` unless it is bound; in progress until a moment. Both in Unix milliseconds. */
  async claim(ref: KeyRef, request: BoundRequest, now: number, until: number): Promise<KeyState> {
    const answer = await this.cache.callPatiently((redis) =>
      redis.eval(
        CLAIM,
        1,
        keyOf(ref),
        request.bodyHash,
        request.commandId,
        request.acceptedAt,
        now,
        until,
        KEEP_MS,
      ),
    );
    if (!answer.ok) return { is: 'unknown' };
    const [is, bodyHash = '', commandId = '', acceptedAt = ''] = answer.value as string[];
    if (is === 'ours') return { is };
    const bound = { bodyHash, commandId, acceptedAt: Number(acceptedAt) };
    return { is: is === 'done' || is === 'abandoned' ? is : 'in_progress', bound };
  }

  /**
   * The command was confirmed: from now on the key answers with its job. Nothing changes when Redis had forgotten
   * the key and another command holds it now.
   */
  async finish(ref: KeyRef, commandId: string): Promise<void> {
    await this.cache.call((redis) => redis.eval(FINISH, 1, keyOf(ref), commandId));
  }

  /**
   * The command certainly had no effect: the key is free again, unless it is done or somebody has taken it over.
   * @param until as it was claimed with.
   */
  async release(ref: KeyRef, commandId: string, until: number): Promise<void> {
    await this.cache.callPatiently((redis) => redis.eval(RELEASE, 1, keyOf(ref), commandId, until));
  }
}

const keyOf = ({ tenantId, authorId, keyHash }: KeyRef): string =>
  idempotencyKeyOf(tenantId, authorId, keyHash);
