import { setTimeout as delay } from 'node:timers/promises';
import { Client, type PoolClient } from 'pg';
import { DataSource } from 'typeorm';
import type { Position } from '@spillway/contracts';
import { CircuitBreaker } from './circuit-breaker.js';
import { DatabaseUnavailable } from './database-error.js';
import { ENTITIES } from './entities/index.js';
import { NODE_POSITION, positionOf, type NodePositionRow } from './position.js';

export interface NodeOptions {
  readonly shard: string;
  readonly name: string;
  /** Holds credentials: never logged. */
  readonly url: string;
  readonly poolMax: number;
  readonly applicationName: string;
}

export type NodeRole = 'primary' | 'replica' | 'unknown';

const CONNECT_TIMEOUT_MS = 2_000;
/** Reads that wait for such a server go to another: sooner than they would all end at once. */
const SILENT_AFTER_MS = 500;
const POLL_TIMEOUT_MS = 1_000;
/** Questions that reads ask besides the regular ones keep this distance. */
const POLL_GAP_MS = 5;

/**
 * One Postgres server: its role and position as last polled, and its pool, a TypeORM `DataSource` made
 * when the server first answers. A server that is away costs nothing but its poll.
 */
export class DatabaseNode {
  role: NodeRole = 'unknown';
  position: Position | undefined;
  /** Statements under way, for choosing the less busy of two. */
  inFlight = 0;
  /** Moving average of a scope's duration in milliseconds. */
  latencyMs = 1;
  /** Closed while reads succeed here. */
  readonly breaker = new CircuitBreaker();
  private poller: Client | undefined;
  private asking: Promise<boolean> | undefined;
  private next: Promise<boolean> | undefined;
  private shared: Promise<boolean> | undefined;
  private askedAt = 0;
  private source: DataSource | undefined;
  private opening: Promise<DataSource> | undefined;
  private failures = 0;
  private readonly silenceListeners = new Set<() => void>();
  private closed = false;

  /** A poll has been without its answer for longer than a server that is well takes; until the next answer. */
  silent = false;

  constructor(readonly options: NodeOptions) {}

  get up(): boolean {
    return this.role !== 'unknown';
  }

  /**
   * Asks the server for its role and position; two failures in a row make the node unknown until it
   * answers again. One question at a time, on one connection: who comes meanwhile shares the next one,
   * so that no answer is older than its question. False when there was no answer: what is known is from before.
   */
  poll(): Promise<boolean> {
    if (!this.asking) return (this.asking = this.ask().finally(() => (this.asking = undefined)));
    return (this.next ??= this.asking.then(() => {
      this.next = undefined;
      return this.poll();
    }));
  }

  /** `poll` for whoever waits for a position: all who come within a few milliseconds share one question. */
  pollShared(): Promise<boolean> {
    const waitMs = Math.max(0, this.askedAt + POLL_GAP_MS - performance.now());
    return (this.shared ??= delay(waitMs).then(() => {
      this.shared = undefined;
      return this.poll();
    }));
  }

  /** Calls back when the server falls silent or is lost. Returns how to stop that. */
  onSilence(listener: () => void): () => void {
    this.silenceListeners.add(listener);
    return () => this.silenceListeners.delete(listener);
  }

  private fallSilent(): void {
    this.silent = true;
    for (const listener of this.silenceListeners) listener();
  }

  private async ask(): Promise<boolean> {
    this.askedAt = performance.now();
    const timer = setTimeout(() => this.fallSilent(), SILENT_AFTER_MS);
    try {
      this.poller ??= await this.connectPoller();
      const { rows } = await this.poller.query<NodePositionRow>(NODE_POSITION);
      const row = rows[0];
      if (!row) throw new Error('the poll returned nothing');
      this.position = positionOf(this.options.shard, row);
      this.role = row.recovery ? 'replica' : 'primary';
      this.failures = 0;
      this.silent = false;
      return true;
    } catch {
      this.dropPoller();
      // One lost connection is not a lost server: the second failure in a row is.
      if (++this.failures >= 2) {
        this.role = 'unknown';
        this.fallSilent();
      }
      return false;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The pool of this node. @throws DatabaseUnavailable when the server cannot be reached. */
  async dataSource(): Promise<DataSource> {
    if (this.source?.isInitialized) return this.source;
    return (this.opening ??= this.openDataSource().finally(() => (this.opening = undefined)));
  }

  private async openDataSource(): Promise<DataSource> {
    const source = new DataSource({
      type: 'postgres',
      url: this.options.url,
      entities: ENTITIES,
      synchronize: false,
      logging: false,
      installExtensions: false,
      poolSize: this.options.poolMax,
      connectTimeoutMS: CONNECT_TIMEOUT_MS,
      applicationName: this.options.applicationName,
      extra: { keepAlive: true, maxLifetimeSeconds: 300, idleTimeoutMillis: 30_000 },
      poolErrorHandler: () => undefined,
    });
    try {
      await source.initialize();
    } catch (cause) {
      throw new DatabaseUnavailable('connection', `${this.options.name} cannot be reached`, { cause });
    }
    if (this.closed) {
      await source.destroy();
      throw new DatabaseUnavailable('connection', `${this.options.name} was closed`);
    }
    this.source = source;
    return source;
  }

  /** Gives up every pooled connection, for a server that changed its role under them. */
  async discardPool(): Promise<void> {
    const source = this.source;
    this.source = undefined;
    this.role = 'unknown';
    await source?.destroy().catch(() => undefined);
  }

  async close(): Promise<void> {
    this.closed = true;
    this.dropPoller();
    await this.opening?.catch(() => undefined);
    await this.discardPool();
  }

  private async connectPoller(): Promise<Client> {
    const client = new Client({
      connectionString: this.options.url,
      connectionTimeoutMillis: POLL_TIMEOUT_MS,
      query_timeout: POLL_TIMEOUT_MS,
      keepAlive: true,
    });
    client.on('error', () => {
      if (this.poller === client) this.poller = undefined;
    });
    await client.connect();
    return client;
  }

  private dropPoller(): void {
    const poller = this.poller;
    this.poller = undefined;
    if (poller) destroyConnection(poller);
  }
}

/** Ends a connection without waiting for the server, which may never answer again. */
export function destroyConnection(client: Client | PoolClient): void {
  const ending = client as { end?: () => Promise<void>; connection?: { stream?: { destroy: () => void } } };
  void ending.end?.().catch(() => undefined);
  ending.connection?.stream?.destroy();
}
