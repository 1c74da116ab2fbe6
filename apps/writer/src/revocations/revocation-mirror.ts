import type { RevokedToken, RevokedTokens } from '@spillway/cache';
import { processClock } from '@spillway/contracts/server';
import type { Router } from '@spillway/database';
import type { BatchEntry, Outcome } from '@spillway/messaging';
import type { Events } from '../events.js';
import { allTokens, purgeTokens } from './revoked-token.store.js';

const EVERY_MS = 1_000;
const ALL_EVERY_MS = 60_000;

/**
 * Keeps Redis' copy of the revoked tokens. New ones are added after their commit; a second later at most a
 * writer notices that the copy is missing, after a flush for instance, and writes it again.
 */
export class RevocationMirror {
  /** Shards of which Redis does not have all, as far as this writer knows. */
  private readonly behind: Set<string>;
  private allAt = 0;
  private said = false;

  constructor(
    private readonly router: Router,
    private readonly tokens: RevokedTokens,
    private readonly shards: readonly string[],
    private readonly events: Events,
  ) {
    this.behind = new Set(shards);
  }

  /** Adds what a committed batch revoked, that of a repeated command too: the first attempt may have ended here. */
  async tell(shard: string, entries: readonly BatchEntry[], outcomes: readonly Outcome[]): Promise<void> {
    const revoked = entries.flatMap(({ decoded }, index): RevokedToken[] => {
      const result = outcomes[index]?.result;
      const holds = result === 'committed' || result === 'superseded' || result === 'duplicate';
      if (!holds || decoded.as !== 'valid' || decoded.command.kind !== 'token.revoke') return [];
      const { tenantId, jti, exp } = decoded.command;
      return [{ tenantId, jti, exp }];
    });
    if (revoked.length > 0 && !(await this.tokens.add(shard, revoked))) this.behind.add(shard);
  }

  /** Writes what is missing; once a minute everything, so that what has expired goes. */
  async look(now: number): Promise<void> {
    const all = now - this.allAt >= ALL_EVERY_MS;
    for (const shard of this.shards) {
      try {
        if (all) await this.router.onPrimary(shard, purgeTokens);
        if (all || this.behind.has(shard) || (await this.isMissing(shard))) await this.write(shard, now);
        this.said = false;
      } catch (error) {
        this.behind.add(shard);
        if (!this.said) this.events.revocationsLate(shard, error);
        this.said = true;
      }
    }
    if (all) this.allAt = now;
  }

  private async isMissing(shard: string): Promise<boolean> {
    const version = await this.tokens.version(shard);
    return version.ok && version.value === null;
  }

  private async write(shard: string, now: number): Promise<void> {
    // Before the tokens are read: what is committed and not added from here on need not be among them.
    this.behind.delete(shard);
    const tokens = await this.router.onPrimary(shard, allTokens);
    const dropBefore = Math.floor(now / 1_000) - 3_600;
    if (!(await this.tokens.putAll(shard, tokens, dropBefore))) this.behind.add(shard);
  }
}

/** Looks each second. Returns how to stop; it waits for the last look. */
export function keepRevocationsMirrored(mirror: RevocationMirror): () => Promise<void> {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let looking = Promise.resolve();
  const next = (afterMs: number): void => {
    if (stopped) return;
    timer = setTimeout(() => {
      looking = mirror.look(processClock.now()).then(() => next(EVERY_MS));
    }, afterMs);
  };
  next(0);
  return () => {
    stopped = true;
    clearTimeout(timer);
    return looking;
  };
}
