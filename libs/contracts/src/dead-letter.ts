/** `replaying` is decided and not yet confirmed by the broker; what was dealt with is kept for the record. */
export const DEAD_LETTER_STATES = ['open', 'replaying', 'replayed', 'discarded'] as const;
export type DeadLetterState = (typeof DEAD_LETTER_STATES)[number];

/** A command that could not be carried out, as operators see it: never its content. */
export interface DeadLetter {
  /** A UUIDv7 of the time at which it was put aside. */
  readonly id: string;
  readonly state: DeadLetterState;
  readonly reason: string;
  /** How often the broker had handed it out in vain. */
  readonly attempts: number;
  /** Null, as the two after it may be, when the message could not be read or was kept by an older version. */
  readonly kind: string | null;
  readonly commandId: string | null;
  readonly postId: string | null;
  readonly createdAt: string;
  /** When it was replayed or discarded. */
  readonly resolvedAt: string | null;
}

/** What an operator did about a dead letter. */
export interface DeadLetterAction {
  readonly action: 'replay' | 'discard';
  readonly who: string;
  readonly via: 'api' | 'cli';
  readonly why: string;
  readonly at: string;
  /** `requested` until the broker has the replayed command; `unchanged` when it had been done before. */
  readonly result: 'requested' | 'done' | 'unchanged' | 'refused';
  readonly detail: string | null;
  readonly endedAt: string | null;
}

/** The answer of `GET /v1/dead-letters/{id}`. */
export interface DeadLetterDetail extends DeadLetter {
  /** Oldest first. */
  readonly actions: readonly DeadLetterAction[];
}

/** The answer of `GET /v1/dead-letters`. */
export interface DeadLetterPage {
  readonly items: readonly DeadLetter[];
  readonly nextCursor: string | null;
}
