import { REVOCATIONS_PER_SHARD } from '@spillway/contracts';
import type { CacheAnswer, CacheConnection } from './cache-connection.js';
import { revokedKey } from './keys.js';

/** A token that is refused although it has not expired. */
export interface RevokedToken {
  readonly tenantId: string;
  readonly jti: string;
  /** Unix seconds of its end. */
  readonly exp: number;
}

/** The field that changes whenever a token is added; no token has this name, which holds no bar. */
const VERSION = 'version';

/**
 * Tokens are only ever added, so writers that meet cannot undo one another. What has no version is not there:
 * `add` does not begin it, since it would pass for the whole, and of the whole only the last part does.
 */
const STORE = `
local there = redis.call('HEXISTS', KEYS[1], 'version') == 1
if ARGV[1] == 'add' and (not there or redis.call('HLEN', KEYS[1]) > tonumber(ARGV[3])) then return 0 end
local changed = not there and ARGV[1] == 'last'
for i = 5, #ARGV, 2 do
  local held = redis.call('HGET', KEYS[1], ARGV[i])
  if not held or tonumber(held) < tonumber(ARGV[i + 1]) then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
    changed = changed or there
  end
end
if changed then redis.call('HSET', KEYS[1], 'version', ARGV[2]) end
if there and ARGV[1] == 'last' then
  local held = redis.call('HGETALL', KEYS[1])
  for i = 1, #held, 2 do
    if held[i] ~= 'version' and tonumber(held[i + 1]) < tonumber(ARGV[4]) then
      redis.call('HDEL', KEYS[1], held[i])
    end
  end
end
return 1`;

/** A script holds up everybody else at Redis while it runs. */
const TOKENS_AT_ONCE = 500;

/** The mirror of the revoked tokens in Redis, one a shard. What holds is in Postgres; this may be lost. */
export class RevokedTokens {
  constructor(private readonly cache: CacheConnection) {}

  /** Adds some. False when nothing was added: Redis does not answer, or has no mirror to add to, or a full one. */
  add(shard: string, tokens: readonly RevokedToken[]): Promise<boolean> {
    return this.store(shard, 'add', tokens);
  }

  /** Writes all, and drops what ended before `now` (Unix seconds). False when Redis does not answer. */
  async putAll(shard: string, tokens: readonly RevokedToken[], now: number): Promise<boolean> {
    for (let at = 0; ; at += TOKENS_AT_ONCE) {
      const last = at + TOKENS_AT_ONCE >= tokens.length;
      const some = tokens.slice(at, at + TOKENS_AT_ONCE);
      if (!(await this.store(shard, last ? 'last' : 'part', some, now))) return false;
      if (last) return true;
    }
  }

  /** What differs after each change; null when there is no mirror. */
  version(shard: string): Promise<CacheAnswer<string | null>> {
    return this.cache.call((redis) => redis.hget(revokedKey(shard), VERSION));
  }

  /** The whole of a shard with its version, or null when there is no mirror. */
  async all(
    shard: string,
  ): Promise<CacheAnswer<{ readonly version: string; readonly tokens: RevokedToken[] } | null>> {
    const answer = await this.cache.callPatiently((redis) => redis.hgetall(revokedKey(shard)));
    if (!answer.ok) return answer;
    const { [VERSION]: version, ...fields } = answer.value;
    if (version === undefined) return { ok: true, value: null };
    return { ok: true, value: { version, tokens: Object.entries(fields).map(readField) } };
  }

  private async store(
    shard: string,
    part: 'add' | 'part' | 'last',
    tokens: readonly RevokedToken[],
    dropBefore = 0,
  ): Promise<boolean> {
    const fields = tokens.flatMap(({ tenantId, jti, exp }) => [`${tenantId}|${jti}`, exp]);
    const answer = await this.cache.callPatiently((redis) =>
      redis.eval(
        STORE,
        1,
        revokedKey(shard),
        part,
        crypto.randomUUID(),
        REVOCATIONS_PER_SHARD,
        dropBefore,
        ...fields,
      ),
    );
    return answer.ok && answer.value === 1;
  }
}

function readField([field, exp]: readonly [string, string]): RevokedToken {
  const bar = field.indexOf('|');
  return { tenantId: field.slice(0, bar), jti: field.slice(bar + 1), exp: Number(exp) };
}
