import type { FaultContext } from '../faults/fault.js';

/** An alert that must fire, and where it must say that the trouble is. */
export interface ExpectedAlert {
  readonly alert: string;
  /** Labels that the firing alert must have; others may be there too. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** One real trouble, and the alerts that must tell of it. */
export interface Drill {
  readonly name: string;
  /** What is done, in a few words. */
  readonly how: string;
  readonly expects: readonly ExpectedAlert[];
  /** Makes the trouble and leaves it. */
  provoke(context: FaultContext): Promise<void>;
  /** Ends the trouble, also when `provoke` failed half way; harmless when there is none. */
  undo(context: FaultContext): Promise<void>;
}
