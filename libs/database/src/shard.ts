import type { Position } from '@spillway/contracts';
import { Bulkhead } from './bulkhead.js';
import { eligible, lessBusyOfTwo } from './choose-replica.js';
import type { Freshness } from './freshness.js';
import { DatabaseNode } from './node.js';
import { PrimaryTrail } from './replication-lag.js';

export interface ShardOptions {
  readonly name: string;
  readonly urls: readonly string[];
  readonly poolMax: number;
  readonly applicationName: string;
  readonly maxLagMs: number;
  readonly primaryReadShare: number;
}

/** The nodes of one shard, which of them is what, and how far each is. */
export class Shard {
  readonly name: string;
  readonly nodes: readonly DatabaseNode[];
  readonly trail = new PrimaryTrail();
  /** Places for reads on the primary. */
  readonly primaryReads: Bulkhead;
  readonly maxLagMs: number;

  constructor({ name, urls, poolMax, applicationName, maxLagMs, primaryReadShare }: ShardOptions) {
    this.name = name;
    this.maxLagMs = maxLagMs;
    this.primaryReads = new Bulkhead(Math.max(1, Math.floor(poolMax * primaryReadShare)));
    this.nodes = urls.map(
      (url, index) =>
        new DatabaseNode({ shard: name, name: `${name}-${index}`, url, poolMax, applicationName }),
    );
  }

  /**
   * The primary: of servers that claim to be one that of the latest timeline, and none of an earlier one than was
   * ever seen. Such a server was replaced: what it commits is lost, also while its successor is away.
   */
  get primary(): DatabaseNode | undefined {
    return this.nodes
      .filter(({ role, position }) => role === 'primary' && (position?.timeline ?? 0) >= this.trail.latest)
      .sort((a, b) => (b.position?.timeline ?? 0) - (a.position?.timeline ?? 0))[0];
  }

  get replicas(): readonly DatabaseNode[] {
    return this.nodes.filter((node) => node.role === 'replica');
  }

  /** As clients are told: the number is the node's place in the configuration. */
  labelOf(node: DatabaseNode, as = node.role): 'primary' | `replica-${number}` {
    return as === 'primary' ? 'primary' : `replica-${this.nodes.indexOf(node)}`;
  }

  /** Milliseconds that a node is behind the primary, by this process' clock. */
  lagOf(node: DatabaseNode, as = node.role): number {
    if (as === 'primary') return 0;
    const at = node.position;
    return at ? this.trail.lagMs(at.timeline, at.lsn, performance.now()) : Number.MAX_SAFE_INTEGER;
  }

  /** A replica that may answer, the less busy of two; undefined when there is none. */
  pick(freshness: Freshness, except?: ReadonlySet<DatabaseNode>): DatabaseNode | undefined {
    const candidates = this.replicas
      .filter((node) => node.breaker.allows && !node.silent && !except?.has(node))
      .map((node) => ({
        node,
        position: node.position,
        lagMs: this.lagOf(node),
        inFlight: node.inFlight,
        latencyMs: node.latencyMs,
      }));
    const position = freshness.mode === 'atLeast' ? freshness.position : undefined;
    return lessBusyOfTwo(eligible(candidates, this.maxLagMs, position))?.node;
  }

  /** The replica that is least behind, however far that is. */
  freshest(except: ReadonlySet<DatabaseNode>): DatabaseNode | undefined {
    return this.replicas.filter((node) => !except.has(node)).sort((a, b) => this.lagOf(a) - this.lagOf(b))[0];
  }

  /** Asks every node what it is and where. */
  async refresh(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.pollShared()));
  }

  /** Asks the replicas where they are; many who ask within a few milliseconds share one question. */
  async refreshReplicas(): Promise<void> {
    await Promise.all(this.replicas.map((node) => node.pollShared()));
  }

  /** Where the primary is, asked now; undefined when it does not say. */
  async askPrimaryPosition(): Promise<Position | undefined> {
    const { primary } = this;
    if (!primary || !(await primary.poll())) return undefined;
    return primary.role === 'primary' ? primary.position : undefined;
  }

  /** True when the primary, asked afresh, has never been at `position`. */
  async isBeyond(position: Position): Promise<boolean> {
    const at = await this.askPrimaryPosition();
    return at !== undefined && at.timeline === position.timeline && at.lsn < position.lsn;
  }
}
