import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { Client } from 'pg';
import { uuidV7 } from '@spillway/contracts';
import { eventually, notYet, quietLogger, readStack, startTcpProxy, watchLeaks } from '@spillway/testing';
import type { LeakCheck, TcpProxy } from '@spillway/testing';
import { EVENTUAL } from '../freshness.js';
import { seenPosition } from '../position.js';
import type { ReadScope } from '../read/read-scope.js';
import { Router, type RouterOptions } from '../router.js';
import { SHARD, type Written } from './cluster-fixture.js';

export type Role = 'writer' | 'reader';
export type NodeName = 'primary' | 'replica-1';
/** A node of the stack, or where else to look for one. */
export type Place = NodeName | ((role: Role) => string);

/** Address of a pooler of the stack, or of a proxy before it. */
export function urlOf(role: Role, name: NodeName, port?: number): string {
  const stack = readStack();
  const { passwords } = JSON.parse(readFileSync(join(stack.dir, 'secrets.json'), 'utf8')) as {
    readonly passwords: Readonly<Record<string, string>>;
  };
  const url = new URL(stack.urlOf(`pgbouncer-${name}`));
  url.username = role;
  url.password = passwords[role] ?? '';
  if (port !== undefined) url.port = String(port);
  return url.href;
}

export const nodes = (role: Role, places: readonly Place[]): ReadonlyMap<string, readonly string[]> =>
  new Map([[SHARD, places.map((place) => (typeof place === 'string' ? urlOf(role, place) : place(role)))]]);

export const options = (role: Role, names: readonly NodeName[]): RouterOptions => ({
  nodes: nodes(role, names),
  poolMax: 4,
  applicationName: 'a spec',
  logger: quietLogger,
  maxLagMs: 2_000,
  primaryReadShare: 0.5,
});

/** Routers to the databases of the stack for the specs of a file, for a tenant of its own. */
export class Routers {
  readonly tenant = `spec-${randomBytes(6).toString('hex')}`;
  private leaks: LeakCheck | undefined;
  private opened: Router[] = [];
  private writing: Router | undefined;
  private before: TcpProxy | undefined;
  private readonly primaryAdmin = new Client({ connectionString: readStack().urlOf('postgres-primary') });
  private readonly replicaAdmin = new Client({ connectionString: readStack().urlOf('postgres-replica-1') });

  /** Knows the primary. */
  get writer(): Router {
    return this.writing ?? unused();
  }

  /** Stands before the primary; a new one for each spec. */
  get proxy(): TcpProxy {
    return this.before ?? unused();
  }

  readonly proxiedUrl = (role: Role): string => urlOf(role, 'primary', this.proxy.port);

  async start(): Promise<void> {
    this.leaks = watchLeaks();
    await this.primaryAdmin.connect();
    await this.replicaAdmin.connect();
    const writer = (this.writing = Router.open(options('writer', ['primary', 'replica-1'])));
    await eventually('the primary is found', () => writer.hasPrimaries);
  }

  async stop(): Promise<void> {
    await this.writing?.close();
    await Promise.all([this.primaryAdmin.end(), this.replicaAdmin.end()]);
    await this.leaks?.expectNoLeaks();
  }

  async startProxy(): Promise<void> {
    const { port } = new URL(readStack().urlOf('pgbouncer-primary'));
    this.before = await startTcpProxy({ target: { port: Number(port) } });
  }

  /** Closes what a spec has opened. */
  async closeOpened(): Promise<void> {
    await this.proxy.pass();
    const opened = this.opened;
    this.opened = [];
    await Promise.all(opened.map((router) => router.close()));
    await this.proxy.stop();
  }

  open(given: RouterOptions): Router {
    const router = Router.open(given);
    this.opened.push(router);
    return router;
  }

  async openReader(overrides: Partial<RouterOptions> = {}): Promise<Router> {
    const reader = this.open({ ...options('reader', ['primary', 'replica-1']), ...overrides });
    await eventually('the replica answers', async () => (await this.servedBy(reader)) === 'replica-1');
    return reader;
  }

  /** Commits one post. */
  async write(): Promise<Written> {
    const id = uuidV7();
    const position = await this.writer.onPrimary(SHARD, async (scope) => {
      await scope.transaction(() =>
        scope.query(
          `INSERT INTO posts (tenant_id, id, author_id, content, content_version, tags_version, command_id)
           VALUES ($1, $2, 'alice', 'hello', $2, $2, $2)`,
          [this.tenant, id],
        ),
      );
      return seenPosition(scope, SHARD);
    });
    return { id, position };
  }

  find(id: string): (scope: ReadScope) => Promise<boolean> {
    return async (scope) =>
      (await scope.query('SELECT 1 FROM posts WHERE tenant_id = $1 AND id = $2', [this.tenant, id]))
        .length === 1;
  }

  async servedBy(router: Router, freshness = EVENTUAL): Promise<string> {
    return (await router.onReplica(SHARD, this.tenant, freshness, (scope) => scope.query('SELECT 1')))
      .servedBy;
  }

  /** Runs `fn` while the replica receives the log but does not replay it. */
  async whilePaused(fn: () => Promise<void>): Promise<void> {
    const { primaryAdmin, replicaAdmin } = this;
    // Other specs pause the same replica: one at a time, or one would resume under another.
    await primaryAdmin.query(`SELECT pg_advisory_lock(hashtext('spec.replay'))`);
    try {
      await replicaAdmin.query('SELECT pg_wal_replay_pause()');
      await eventually('replay is paused', async () => {
        const { rows } = await replicaAdmin.query<{ state: string }>(
          'SELECT pg_get_wal_replay_pause_state() AS state',
        );
        return rows[0]?.state === 'paused' || notYet(rows);
      });
      await fn();
    } finally {
      await replicaAdmin.query('SELECT pg_wal_replay_resume()');
      await primaryAdmin.query(`SELECT pg_advisory_unlock(hashtext('spec.replay'))`);
    }
  }
}

/** Routers that are started and stopped around the specs of the file. */
export function useRouters(): Routers {
  const routers = new Routers();
  beforeAll(() => routers.start());
  afterAll(() => routers.stop());
  beforeEach(() => routers.startProxy());
  afterEach(() => routers.closeOpened());
  return routers;
}

function unused(): never {
  throw new Error('only inside a spec');
}
