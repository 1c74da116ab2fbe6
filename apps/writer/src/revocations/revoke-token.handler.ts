import { REVOCATIONS_PER_SHARD, REVOCATIONS_PER_TENANT, type RevokeToken } from '@spillway/contracts';
import type { Scope } from '@spillway/database';
import type { Outcome } from '@spillway/messaging';
import type { CommandHandler } from '../posts/command-handler.js';
import { commandKey, findOutcomes } from '../posts/outcome.store.js';
import { countTokens, findTokens, storeTokens, tokenKey } from './revoked-token.store.js';

export interface RevocationLimits {
  readonly perTenant: number;
  readonly perShard: number;
}

const LIMITS: RevocationLimits = { perTenant: REVOCATIONS_PER_TENANT, perShard: REVOCATIONS_PER_SHARD };

/**
 * Keeps tokens as revoked. Every process holds all of them, so their number has an end. Doing it again
 * changes nothing but the token's end, which may be put off: the first who and why stand.
 */
export class RevokeTokenHandler implements CommandHandler<'token.revoke'> {
  constructor(private readonly limits: RevocationLimits = LIMITS) {}

  async apply(scope: Scope, commands: readonly RevokeToken[]): Promise<readonly Outcome[]> {
    const known = await findOutcomes(scope, commands);
    const fresh = commands.filter((command) => !known.has(commandKey(command.tenantId, command.commandId)));
    const room = new Room(await countTokens(scope), await findTokens(scope, fresh), this.limits);
    const taken = new Map<string, RevokeToken>();
    for (const command of fresh) {
      const key = tokenKey(command.tenantId, command.jti);
      const first = taken.get(key);
      if (first) taken.set(key, { ...first, exp: Math.max(first.exp, command.exp) });
      else if (room.take(command)) taken.set(key, command);
    }
    const stored = await storeTokens(scope, [...taken.values()]);
    return commands.map((command): Outcome => {
      const before = known.get(commandKey(command.tenantId, command.commandId));
      if (before) return before;
      const key = tokenKey(command.tenantId, command.jti);
      const first = taken.get(key);
      if (!first) return { result: 'rejected', code: 'too_many_revocations' };
      return {
        result: stored.has(key) && first.commandId === command.commandId ? 'committed' : 'superseded',
      };
    });
  }
}

/** What may be added to what is there. */
class Room {
  private total: number;

  constructor(
    private readonly counts: Map<string, number>,
    private readonly there: ReadonlySet<string>,
    private readonly limits: RevocationLimits,
  ) {
    this.total = [...counts.values()].reduce((sum, held) => sum + held, 0);
  }

  /** What is there already takes no room. */
  take({ tenantId, jti }: RevokeToken): boolean {
    if (this.there.has(tokenKey(tenantId, jti))) return true;
    const held = this.counts.get(tenantId) ?? 0;
    if (held >= this.limits.perTenant || this.total >= this.limits.perShard) return false;
    this.counts.set(tenantId, held + 1);
    this.total++;
    return true;
  }
}
