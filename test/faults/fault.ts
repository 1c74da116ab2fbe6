import type { Stack } from '@spillway/testing';
import type { Broker } from './broker.js';
import type { Caller } from './callers.js';
import type { Components } from './components.js';
import type { Followers } from './followers.js';
import type { History } from './history.js';
import type { Load } from './load.js';
import type { Primary } from './primary.js';

/** What a fault may use while the load runs. */
export interface FaultContext {
  readonly stack: Stack;
  readonly components: Components;
  readonly broker: Broker;
  readonly primary: Primary;
  readonly load: Load;
  readonly followers: Followers;
  readonly history: History;
  readonly callers: readonly [Caller, ...Caller[]];
  /** Unique for this fault in this run: prefix of operations and, behind `faults-`, of tenants. */
  readonly run: string;
  readonly seed: number;
  /** Outages as long as FAULTS.md says; by default shorter ones. */
  readonly long: boolean;
  /** What is kept down or broken from here … */
  readonly injected: () => void;
  /** … is up again from here, whatever the apps have noticed: recovery is measured from the last call. */
  readonly healed: () => void;
  /** Asserted beyond the checker; the sentence says what must be so. */
  readonly expect: (holds: boolean, sentence: string) => void;
  /** Told on the terminal while it runs. */
  readonly note: (line: string) => void;
  /** Waits for a span of time that is part of the fault itself: how long something is down. */
  readonly hold: (ms: number) => Promise<void>;
}

/** One way in which the world breaks. */
export interface Fault {
  readonly id: string;
  readonly title: string;
  readonly how: string;
  /** How soon 90 % of the former rate must be back after the last `healed()`. Default 10 s. */
  readonly recoverWithinMs?: number;
  /** Before the load starts. */
  prepare?(context: FaultContext): Promise<void>;
  /** Under load: breaks, holds, heals, and asserts what a client saw. */
  run(context: FaultContext): Promise<void>;
  /** After the load has stopped and everything has drained; the stack must be as before. */
  after?(context: FaultContext): Promise<void>;
  /** In every case, also after an error. */
  cleanUp?(context: FaultContext): Promise<void>;
}
