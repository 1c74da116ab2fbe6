import type { Position } from '@spillway/contracts';
import type { CacheAnswer, CacheConnection } from './cache-connection.js';
import { generationKey } from './keys.js';
import { ORDERED_LENGTH, positionOfText, positionText } from './position-text.js';

/** What a commit of a tenant changed, as far as cached pages can tell. */
export interface Touched {
  /** Channels that got posts. */
  readonly channels: Iterable<string>;
  /** Posts were edited or deleted, in channels that nobody looked up. */
  readonly edited: boolean;
}

/** What outdates a page: any commit of its tenant, those of one channel, or edits and deletions alone. */
export type OutdatedBy = { readonly channel: string } | 'tenant' | 'edits';

/** Names that are no channel's. */
const ANY_COMMIT = '.';
const ANY_EDIT = '*';
const KEEP_MS = 600_000;
/** More channels than this of one tenant are forgotten together, which is safe at any time. */
const CHANNELS_MAX = 10_000;

/**
 * Raises, never lowers, and answers with what stands then. Only what was raised is kept longer: a position that
 * the database never reaches again (it was restored from a backup) is forgotten in time.
 */
const RAISE = `
if redis.call('HLEN', KEYS[1]) > ${CHANNELS_MAX} then redis.call('DEL', KEYS[1]) end
local stands = {}
for at = 3, #ARGV do
  local held = redis.call('HGET', KEYS[1], ARGV[at])
  if not held or string.sub(held, ${ORDERED_LENGTH + 1}) ~= string.sub(ARGV[1], ${ORDERED_LENGTH + 1}) or held < ARGV[1] then
    held = ARGV[1]
    redis.call('HSET', KEYS[1], ARGV[at], held)
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
  end
  stands[at - 2] = held
end
return stands`;

/**
 * The commit position that cached pages of a tenant must contain: one of the tenant, one of each channel, and
 * one of all edits and deletions, which belong to every channel. They live and die together in one key, so one
 * that is missing says nothing about what was committed: whoever misses it begins at the primary's position.
 */
export class Generations {
  constructor(private readonly cache: CacheConnection) {}

  /** After a commit. False when Redis did not answer. */
  async raise(tenantId: string, position: Position, { channels, edited }: Touched): Promise<boolean> {
    const names = edited ? [ANY_COMMIT, ANY_EDIT, ...channels] : [ANY_COMMIT, ...channels];
    return (await this.run(tenantId, position, names)).ok;
  }

  /** Begins a missing one at the primary's position; answers with what stands then. */
  async begin(tenantId: string, by: OutdatedBy, position: Position): Promise<Position | undefined> {
    const answer = await this.run(tenantId, position, [nameOf(by)]);
    return answer.ok ? newest(answer.value) : undefined;
  }

  /** What a page must contain; null when that is not known, and no answer when Redis gives none. */
  async find(tenantId: string, by: OutdatedBy): Promise<CacheAnswer<Position | null>> {
    const answer = await this.cache.call((redis) => redis.hmget(generationKey(tenantId), ...namesOf(by)));
    return answer.ok ? { ok: true, value: generationIn(answer.value) } : answer;
  }

  private run(
    tenantId: string,
    position: Position,
    names: readonly string[],
  ): Promise<CacheAnswer<readonly string[]>> {
    return this.cache.call(
      async (redis) =>
        (await redis.eval(
          RAISE,
          1,
          generationKey(tenantId),
          positionText(position),
          KEEP_MS,
          ...names,
        )) as string[],
    );
  }
}

const nameOf = (by: OutdatedBy): string => namesOf(by)[0];

/** The fields of the key that concern a page; the first one must be there. */
export function namesOf(by: OutdatedBy): readonly [string, ...string[]] {
  if (by === 'tenant') return [ANY_COMMIT];
  return by === 'edits' ? [ANY_EDIT] : [by.channel, ANY_EDIT];
}

/** What these fields ask for; null when the first is missing. */
export function generationIn([own = null, edits = null]: readonly (string | null)[]): Position | null {
  if (own === null) return null;
  return newest(edits === null ? [own] : [own, edits]) ?? null;
}

const newest = (texts: readonly string[]): Position | undefined =>
  positionOfText(texts.reduce((a, b) => (a < b ? b : a), ''));
