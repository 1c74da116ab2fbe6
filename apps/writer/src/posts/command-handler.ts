import type { CommandKind, CommandKinds } from '@spillway/contracts';
import type { Scope } from '@spillway/database';
import type { Outcome } from '@spillway/messaging';

/** Carries out commands of one kind inside the batch's transaction: one outcome each, in their order. */
export interface CommandHandler<K extends CommandKind> {
  apply(scope: Scope, commands: readonly CommandKinds[K][]): Promise<readonly Outcome[]>;
}

/** A handler for every kind: a missing one does not compile. */
export type CommandHandlers = { readonly [K in CommandKind]: CommandHandler<K> };
