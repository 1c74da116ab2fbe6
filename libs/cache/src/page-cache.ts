import { reaches, type Position } from '@spillway/contracts';
import { processClock } from '@spillway/contracts/server';
import { meters } from '@spillway/telemetry';
import type { CacheConnection } from './cache-connection.js';
import { Generations } from './generations.js';
import { ageSecondsOf, contains, isFresh, jittered, KEEP_MS, type PageEntry } from './page-entry.js';
import { keyOf, PageStore, type Found, type PageRef } from './page-store.js';

/** A page that was read from a database. */
export interface LoadedPage {
  readonly body: string;
  readonly etag: string;
  /** A position that was reached before the page was read: everything up to it is in the page. */
  readonly position: Position;
  readonly servedBy: string;
  readonly lagMs: number;
  /** What answered was too far behind, and nothing better was there. */
  readonly stale?: boolean;
  /** Milliseconds that it counts as fresh, when that is less than for others of its view. */
  readonly freshMs?: number;
}

/** A page, and where it came from. */
export interface Page {
  readonly body: string;
  readonly etag: string;
  readonly position: Position;
  /** It was read from the primary, now or for the cache. */
  readonly fromPrimary?: boolean;
  /** `cache`, or what answered. */
  readonly servedBy: string;
  /** Milliseconds that what answered was behind; undefined from the cache. */
  readonly lagMs?: number;
  readonly stale?: boolean;
  /** Whole seconds since it was read from a database. */
  readonly ageSeconds: number;
}

/** Reads a page from a node that has reached the position, or from any without one. */
export type LoadPage = (atLeast: Position | undefined) => Promise<LoadedPage>;

/** What the cache needs to know of the databases. */
export interface DatabaseView {
  /** The primary's position as last heard; undefined while there is none. */
  primaryPosition(shard: string): Position | undefined;
  /** The same, asked now. */
  askPrimaryPosition(shard: string): Promise<Position | undefined>;
  /** Which failure it is: no node has reached the position, or none can answer at all; undefined for others. */
  failureOf(error: unknown): 'position' | 'away' | undefined;
}

export interface PageCacheOptions {
  readonly cache: CacheConnection;
  readonly databases: DatabaseView;
}

/** Then the generation of a page in memory is looked at again, while the page is still answered … */
const RECHECK_MS = 100;
/** … up to here: no page is further behind its generation for being held in memory. */
const HOLD_MS = 250;
/**
 * A page of the primary is fresh for less: there a commit is in the log, and in the positions, a moment before
 * it can be seen; with a standby to wait for, as long as that takes.
 */
const FRESH_FROM_PRIMARY_MS = 1_000;
const ASK_PRIMARY_MS = 100;

/**
 * Answers of the read side, kept for all who may see them: the tenant is part of the key. An entry counts while it
 * contains its generation; it is stored only when the node that it was read from had reached the generation
 * before. Each process reads a page once, however many ask for it at a time.
 */
export class PageCache {
  private readonly store: PageStore;
  private readonly generations: Generations;
  private readonly flights = new Map<string, Promise<Page>>();

  constructor(private readonly options: PageCacheOptions) {
    this.store = new PageStore(options.cache);
    this.generations = new Generations(options.cache);
  }

  /**
   * The page, containing everything up to `need`, when this process holds it and `get` would answer with it and begin
   * nothing.
   */
  atHand(ref: PageRef, need: Position | undefined): PageEntry | undefined {
    const key = keyOf(ref);
    const held = this.store.held(key);
    if (!held || !isFresh(held.entry, processClock.now()) || !contains(held.entry, need)) return undefined;
    const age = performance.now() - held.checkedAt;
    if (age >= HOLD_MS || (age >= RECHECK_MS && !this.flights.has(key))) return undefined;
    count('local');
    return held.entry;
  }

  /**
   * The page, containing everything up to `need`.
   * @throws whatever `load` throws, when there is no entry that may stand in for it.
   */
  async get(ref: PageRef, need: Position | undefined, load: LoadPage): Promise<Page> {
    const key = keyOf(ref);
    const held = this.store.held(key);
    if (held && isFresh(held.entry, processClock.now()) && contains(held.entry, need)) {
      const age = performance.now() - held.checkedAt;
      // Nobody waits for what is behind it: Redis, or a database when the page is out of date.
      if (age >= RECHECK_MS && age < HOLD_MS && !this.flights.has(key))
        this.fly(key, this.fetch(ref, key, undefined, load)).catch(() => undefined);
      if (age < HOLD_MS) return this.shown(held.entry, 'local');
    }
    const flight = this.flights.get(key);
    if (flight) {
      const page = await flight.catch(() => undefined);
      if (page && contains(page, need)) {
        count('shared');
        return page;
      }
    }
    // Those whose flight failed follow a next one, if somebody has begun it; no more than that.
    const next = this.flights.get(key);
    if (next && next !== flight && need === undefined) return next;
    return this.fly(key, this.fetch(ref, key, need, load));
  }

  private fly(key: string, page: Promise<Page>): Promise<Page> {
    this.flights.set(key, page);
    const land = (): void => {
      if (this.flights.get(key) === page) this.flights.delete(key);
    };
    page.then(land, land);
    return page;
  }

  private async fetch(ref: PageRef, key: string, need: Position | undefined, load: LoadPage): Promise<Page> {
    const checkedAt = performance.now();
    const found = await this.look(ref, key);
    const entry = found?.entry;
    const generation = found ? this.current(ref, found.generation) : null;
    if (entry && isFresh(entry, processClock.now()) && contains(entry, need)) {
      if (ref.outdatedBy === null || (generation && reaches(entry.position, generation))) {
        this.store.hold(key, entry, checkedAt);
        return this.shown(entry, 'hit');
      }
    }
    count(found ? (entry ? 'outdated' : 'miss') : 'error');
    return this.refill(ref, key, { found, generation, need, checkedAt }, load);
  }

  private async look(ref: PageRef, key: string): Promise<Found | undefined> {
    const answer = await this.store.find(ref, key);
    return answer.ok ? answer.value : undefined;
  }

  /** A generation of another shard, or of a timeline that is over, says nothing. */
  private current(ref: PageRef, generation: Position | null): Position | null {
    const primary = this.options.databases.primaryPosition(ref.shard);
    const said = generation?.shard === ref.shard && generation.timeline >= (primary?.timeline ?? 0);
    return said ? generation : null;
  }

  private async refill(ref: PageRef, key: string, looked: Looked, load: LoadPage): Promise<Page> {
    const { found, need, checkedAt } = looked;
    const generation = looked.generation ?? (found ? await this.begin(ref) : undefined);
    const readAt = processClock.now();
    let loaded: LoadedPage;
    try {
      loaded = await this.load(load, generation, need);
    } catch (error) {
      const held = found?.entry ?? this.store.held(key)?.entry;
      if (!held || !this.mayStandIn(held, need, error)) throw error;
      return this.shown(held, 'stale');
    }
    const { body, etag, position, servedBy } = loaded;
    const most = Math.min(ref.freshMs, loaded.freshMs ?? ref.freshMs);
    const fromPrimary = servedBy === 'primary';
    const freshMs = jittered(fromPrimary ? Math.min(FRESH_FROM_PRIMARY_MS, most) : most);
    const entry = { body, etag, position, fromPrimary, readAt, freshMs };
    if (found && (ref.outdatedBy === null || (generation && reaches(position, generation)))) {
      this.store.hold(key, entry, checkedAt);
      void this.store.store(key, entry);
    } else {
      this.store.holdInReserve(key, entry);
    }
    return { ...loaded, fromPrimary, ageSeconds: 0 };
  }

  /** A missing generation is not zero: it begins where the primary is now. */
  private async begin(ref: PageRef): Promise<Position | undefined> {
    if (ref.outdatedBy === null) return undefined;
    const { databases } = this.options;
    if (!databases.primaryPosition(ref.shard)) return undefined;
    const position = await within(ASK_PRIMARY_MS, databases.askPrimaryPosition(ref.shard));
    return position && this.generations.begin(ref.tenantId, ref.outdatedBy, position);
  }

  /** A node that has the generation, if there is one; else one that has what was asked for. */
  private async load(
    load: LoadPage,
    generation: Position | undefined,
    need: Position | undefined,
  ): Promise<LoadedPage> {
    const wanted = both(generation, need);
    try {
      return await load(wanted);
    } catch (error) {
      if (wanted === need || this.options.databases.failureOf(error) !== 'position') throw error;
      return load(need);
    }
  }

  private mayStandIn(entry: PageEntry, need: Position | undefined, error: unknown): boolean {
    return (
      this.options.databases.failureOf(error) !== undefined &&
      processClock.now() - entry.readAt <= KEEP_MS &&
      contains(entry, need)
    );
  }

  private shown(entry: PageEntry, outcome: Outcome): Page {
    const { body, etag, position, fromPrimary } = entry;
    count(outcome);
    const ageSeconds = ageSecondsOf(entry, processClock.now());
    return { body, etag, position, fromPrimary, servedBy: 'cache', ageSeconds };
  }
}

interface Looked {
  /** Undefined when Redis gave no answer. */
  readonly found: Found | undefined;
  readonly generation: Position | null;
  readonly need: Position | undefined;
  readonly checkedAt: number;
}

const OUTCOMES = ['local', 'shared', 'hit', 'outdated', 'miss', 'error', 'stale'] as const;
type Outcome = (typeof OUTCOMES)[number];
const LABELS = Object.fromEntries(
  OUTCOMES.map((outcome) => [outcome, { cache: 'pages', outcome }]),
) as Record<Outcome, { cache: string; outcome: string }>;
const count = (outcome: Outcome): void => meters().cacheRequests.add(1, LABELS[outcome]);

/** The greater of two that can be compared; what the request asks for comes first. */
const both = (generation: Position | undefined, need: Position | undefined): Position | undefined =>
  need === undefined || (generation && reaches(generation, need)) ? generation : need;

function within<T>(ms: number, answer: Promise<T | undefined>): Promise<T | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), ms);
    answer.then(resolve, () => resolve(undefined)).finally(() => clearTimeout(timer));
  });
}
