import type { Invariant } from './checker.js';
import type { Fault } from './fault.js';
import { preload, type Mutant } from './mutants/preload.js';

/** A build that is broken on purpose, and how the harness must find out. */
export interface BrokenBuild {
  readonly name: Mutant;
  readonly about: string;
  readonly role: 'gateway' | 'writer';
  /** The fault that reveals it. */
  readonly fault: string;
  /** What the checker must report. */
  readonly invariant: Invariant;
}

export const BROKEN_BUILDS: readonly BrokenBuild[] = [
  {
    name: 'ack-before-commit',
    about: 'a writer acks a batch before its commit',
    ...{ role: 'writer', fault: 'F12', invariant: 'I1' },
  },
  {
    name: 'publish-without-mandatory',
    about: 'a gateway believes the confirm of what could not be routed',
    ...{ role: 'gateway', fault: 'F9', invariant: 'I1' },
  },
  {
    name: 'buffer-while-disconnected',
    about: 'a gateway sends later what it has refused',
    ...{ role: 'gateway', fault: 'F4', invariant: 'I7' },
  },
  {
    name: 'key-only-in-redis',
    about: 'a writer does not bind Idempotency-Keys',
    ...{ role: 'writer', fault: 'F23', invariant: 'I2' },
  },
];

/** The fault as it is, against processes of this build. */
export function against(build: BrokenBuild, fault: Fault): Fault {
  let restore: (() => void) | undefined;
  return {
    ...fault,
    title: `${build.name}: ${build.about}`,
    async prepare(context) {
      const names = context.stack.ofRole(build.role).map(({ name }) => name);
      restore = preload(context.stack.dir, names, [build.name]);
      await context.components.bounceAll(build.role);
      await fault.prepare?.(context);
    },
    async cleanUp(context) {
      await fault.cleanUp?.(context);
      restore?.();
      restore = undefined;
      await context.components.bounceAll(build.role);
    },
  };
}
