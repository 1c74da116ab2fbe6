import { setTimeout as delay } from 'node:timers/promises';
import { REVOCATIONS_PER_SHARD } from '@spillway/contracts';
import { processClock } from '@spillway/contracts/server';
import type { Probe } from '@spillway/health';
import { observe, type Logger } from '@spillway/telemetry';
import type { RevokedToken, RevokedTokens } from './revoked-tokens.js';

const EVERY_MS = 1_000;
const START_MS = 2_000;
const START_LOOK_MS = 100;
const SWEEP_EVERY_MS = 60_000;
/** A clock may be ahead, and be set right; and verifiers forgive an expiry of half a minute ago. */
const KEEP_AFTER_END_MS = 3_600_000;
/** More than writers let in is not a list of theirs. */
const MAX = 2 * REVOCATIONS_PER_SHARD;

export interface RevocationListOptions {
  readonly tokens: RevokedTokens;
  readonly shards: readonly string[];
  readonly logger: Logger;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

/** What is known of one shard. */
interface ShardState {
  version: string | null;
  /** Unix milliseconds of the last time that Redis said what holds. */
  seenAt: number | null;
}

/**
 * Every token that is revoked, in this process' memory. It is compared with the mirror each second, which
 * costs one small GET a shard while nothing changes. A token once seen stays until it has expired: what is
 * missing in Redis, after a flush or without Redis, makes nothing valid again.
 */
export class RevocationList {
  private readonly tenants = new Map<string, Map<string, number>>();
  private readonly states: ReadonlyMap<string, ShardState>;
  private readonly now: () => number;
  private readonly stops: readonly (() => void)[];
  private held = 0;
  private complete = false;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private refreshing = Promise.resolve();
  private sweptAt: number;
  private saidFull = false;

  constructor(private readonly options: RevocationListOptions) {
    this.now = options.now ?? (() => processClock.now());
    this.sweptAt = this.now();
    this.states = new Map(options.shards.map((shard) => [shard, { version: null, seenAt: null }]));
    this.stops = [
      observe('revocations_held', () => this.held),
      observe('revocations_age_seconds', () => this.ageSeconds),
    ];
  }

  /** True once every shard's list was there. */
  get known(): boolean {
    return this.complete;
  }

  /** Seconds since the oldest part was compared with Redis; undefined before it was there at all. */
  get ageSeconds(): number | undefined {
    const seen = [...this.states.values()].map(({ seenAt }) => seenAt);
    if (seen.includes(null)) return undefined;
    return Math.max(0, this.now() - Math.min(...seen.map((at) => at ?? 0))) / 1_000;
  }

  get size(): number {
    return this.held;
  }

  isRevoked(tenant: string, jti: string): boolean {
    return this.tenants.get(tenant)?.has(jti) === true;
  }

  /** Down only before the list was there: without it nobody can tell a revoked token. */
  readonly probe: Probe = {
    name: 'revocations',
    required: true,
    check: () =>
      this.known ? { up: true } : { up: false, detail: 'the list of revoked tokens was never there' },
  };

  /** Compares with Redis from now on. Resolves when the list is there, or after 2 s without it. */
  async start(): Promise<void> {
    this.refreshing = this.turn();
    const until = performance.now() + START_MS;
    while (!this.complete && !this.stopped && performance.now() < until) await delay(START_LOOK_MS);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    for (const stop of this.stops) stop();
    await this.refreshing;
  }

  /** Takes over what changed. */
  async refresh(): Promise<void> {
    await Promise.all([...this.states].map(([shard, state]) => this.refreshShard(shard, state)));
    if (this.now() - this.sweptAt >= SWEEP_EVERY_MS) this.sweep();
  }

  private async turn(): Promise<void> {
    const startedAt = performance.now();
    await this.refresh();
    if (this.stopped) return;
    const tookMs = performance.now() - startedAt;
    this.timer = setTimeout(
      () => {
        this.refreshing = this.turn();
      },
      Math.max(0, (this.complete ? EVERY_MS : START_LOOK_MS) - tookMs),
    );
  }

  private async refreshShard(shard: string, state: ShardState): Promise<void> {
    const version = await this.options.tokens.version(shard);
    if (!version.ok || version.value === null) return;
    if (version.value !== state.version) {
      const all = await this.options.tokens.all(shard);
      if (!all.ok || all.value === null || !this.take(all.value.tokens)) return;
      state.version = all.value.version;
    }
    state.seenAt = this.now();
    this.complete ||= [...this.states.values()].every(({ seenAt }) => seenAt !== null);
  }

  private take(tokens: readonly RevokedToken[]): boolean {
    if (tokens.length > MAX) {
      if (!this.saidFull)
        this.options.logger.error(
          { tokens: tokens.length, max: MAX },
          'the list of revoked tokens in Redis is larger than any that writers make: it is not taken over',
        );
      this.saidFull = true;
      return false;
    }
    for (const { tenantId, jti, exp } of tokens) {
      const ofTenant = this.tenants.get(tenantId) ?? new Map<string, number>();
      this.tenants.set(tenantId, ofTenant);
      if (!ofTenant.has(jti)) this.held++;
      ofTenant.set(jti, Math.max(exp, ofTenant.get(jti) ?? 0));
    }
    return true;
  }

  private sweep(): void {
    this.sweptAt = this.now();
    const before = (this.sweptAt - KEEP_AFTER_END_MS) / 1_000;
    for (const [tenant, tokens] of this.tenants) {
      for (const [jti, exp] of tokens) if (exp < before && tokens.delete(jti)) this.held--;
      if (tokens.size === 0) this.tenants.delete(tenant);
    }
  }
}
