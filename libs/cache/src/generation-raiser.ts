import type { Position } from '@spillway/contracts';
import type { Generations } from './generations.js';
import { FRESH_MAX_MS } from './page-entry.js';

/** What one command changed; neither channel nor edit: a post outside of all channels. */
export interface TouchedPost {
  readonly tenantId: string;
  /** The channel of a new post. */
  readonly channelId?: string | undefined;
  /** The post was edited or deleted, in whichever channel it is. */
  readonly edited?: boolean;
}

interface Pending {
  position: Position;
  channels: Set<string>;
  edited: boolean;
  /** When the first of it was committed, on the process' clock. */
  readonly since: number;
}

/** Four a second: more often, a busy tenant would have no page that stays. */
const EVERY_MS = 250;
const TENANTS_MAX = 10_000;
/** With more new posts' channels than this it is cheaper to outdate all channels. */
const CHANNELS_MAX = 200;
/** By then no page that it would outdate is fresh any more; the minute is for clocks and for pages under way. */
const GIVE_UP_MS = FRESH_MAX_MS + 60_000;
const IN_FLIGHT_MAX = 200;
/** After Redis gave no answer. */
const PAUSE_MS = 1_000;

/**
 * Raises generations after commits without anybody waiting: at once for a tenant that was quiet, else at most
 * four times a second, the last commit included. What Redis did not take is tried again for a while; what is
 * lost costs freshness for as long as a page counts as fresh.
 */
export class GenerationRaiser {
  private readonly pending = new Map<string, Pending>();
  /** When each tenant was raised last; the oldest first. */
  private readonly raisedAt = new Map<string, number>();
  private readonly inFlight = new Set<Promise<void>>();
  private pausedUntil = 0;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(private readonly generations: Pick<Generations, 'raise'>) {}

  /** Tenants that wait for their turn. */
  get waiting(): number {
    return this.pending.size;
  }

  /** Takes note of a commit. Never throws, never waits. */
  committed(position: Position, posts: readonly TouchedPost[]): void {
    if (this.closed || posts.length === 0) return;
    const now = performance.now();
    for (const post of posts) this.note(post, position, now);
    this.send(now);
  }

  /** Stops. What waits is raised once before, as far as Redis answers within its deadlines. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    clearTimeout(this.timer);
    await Promise.all(this.inFlight);
    const rest = [...this.pending];
    this.pending.clear();
    for (let at = 0; at < rest.length && this.pending.size === 0; at += IN_FLIGHT_MAX) {
      await Promise.all(rest.slice(at, at + IN_FLIGHT_MAX).map((one) => this.raise(...one)));
    }
    this.pending.clear();
  }

  private note({ tenantId, channelId, edited = false }: TouchedPost, position: Position, now: number): void {
    let pending = this.pending.get(tenantId);
    if (!pending) {
      if (this.pending.size >= TENANTS_MAX) return;
      pending = { position, channels: new Set(), edited: false, since: now };
      this.pending.set(tenantId, pending);
    }
    pending.position = later(pending.position, position);
    pending.edited ||= edited;
    if (channelId !== undefined) pending.channels.add(channelId);
    if (pending.channels.size > CHANNELS_MAX) {
      pending.channels.clear();
      pending.edited = true;
    }
  }

  /** Sends what is due, as much as may be under way at once, and comes back for the rest. */
  private send(now: number): void {
    this.forgetBefore(now - EVERY_MS);
    for (const [tenantId, pending] of this.pending) {
      if (this.inFlight.size >= IN_FLIGHT_MAX || now < this.pausedUntil) break;
      if (this.raisedAt.has(tenantId)) continue;
      this.pending.delete(tenantId);
      if (now - pending.since > GIVE_UP_MS) continue;
      this.raisedAt.set(tenantId, now);
      const raising = this.raise(tenantId, pending).finally(() => this.inFlight.delete(raising));
      this.inFlight.add(raising);
    }
    if (this.pending.size > 0) this.timer ??= setTimeout(() => this.again(), EVERY_MS / 5).unref();
  }

  private again(): void {
    this.timer = undefined;
    if (!this.closed) this.send(performance.now());
  }

  private async raise(tenantId: string, pending: Pending): Promise<void> {
    if (await this.generations.raise(tenantId, pending.position, pending)) return;
    this.pausedUntil = performance.now() + PAUSE_MS;
    const newer = this.pending.get(tenantId);
    if (!newer && this.pending.size >= TENANTS_MAX) return;
    this.pending.set(tenantId, {
      position: newer ? later(newer.position, pending.position) : pending.position,
      channels: newer ? new Set([...pending.channels, ...newer.channels]) : pending.channels,
      edited: pending.edited || (newer?.edited ?? false),
      since: pending.since,
    });
    if (!this.closed) this.timer ??= setTimeout(() => this.again(), EVERY_MS).unref();
  }

  private forgetBefore(time: number): void {
    for (const [tenantId, at] of this.raisedAt) {
      if (at > time) return;
      this.raisedAt.delete(tenantId);
    }
  }
}

const later = (a: Position, b: Position): Position =>
  a.timeline > b.timeline || (a.timeline === b.timeline && a.lsn >= b.lsn) ? a : b;
