/** Who asked: the subject of the token, and whether it may act on posts of others. */
export interface Actor {
  readonly sub: string;
  readonly moderator: boolean;
}

interface CommandBase {
  /** Makes repeating harmless: the same command id is the same command. */
  readonly commandId: string;
  /** How often an early command went round the retry queue. */
  readonly attempt?: number;
  /** The post it is about; of a command that is about none, its own id. */
  readonly postId: string;
  readonly tenantId: string;
  readonly actor: Actor;
  /** Unix milliseconds when the gateway accepted it. */
  readonly acceptedAt: number;
  /** W3C trace context of the accepting request. */
  readonly traceparent?: string;
  readonly idempotency?: { readonly keyHash: string; readonly bodyHash: string };
}

export interface CreatePost extends CommandBase {
  readonly kind: 'post.create';
  readonly post: {
    readonly authorId: string;
    readonly content: string;
    readonly channelId?: string;
    readonly replyTo?: string;
    readonly tags: readonly string[];
  };
}

export interface EditPost extends CommandBase {
  readonly kind: 'post.edit';
  /** The new value of each field that changes; at least one. */
  readonly edit: { readonly content?: string; readonly tags?: readonly string[] };
  /** Carried out only while this is the post's newest field version. */
  readonly ifMatch?: string;
}

export interface DeletePost extends CommandBase {
  readonly kind: 'post.delete';
  readonly ifMatch?: string;
}

/** What an operator decides about a dead letter. It is about no post: `postId` is the command's own id. */
interface DeadLetterCommand extends CommandBase {
  readonly letterId: string;
  /** For the record: 1 to 500 code points. */
  readonly why: string;
  /** The command line reaches every tenant's letters, the API those of its token's tenant. */
  readonly via: 'api' | 'cli';
}

/** Puts a parked command on its queue once more. */
export interface ReplayDeadLetter extends DeadLetterCommand {
  readonly kind: 'dead_letter.replay';
}

/** Gives a parked command up: its job fails with `discarded`. */
export interface DiscardDeadLetter extends DeadLetterCommand {
  readonly kind: 'dead_letter.discard';
}

/** Refuses a token from now on, by its `jti`. It is about no post: `postId` is the command's own id. */
export interface RevokeToken extends CommandBase {
  readonly kind: 'token.revoke';
  readonly jti: string;
  /** Unix seconds at which the token is over anyway, as its `exp` says; at most ten years ahead. */
  readonly exp: number;
  /** For the record: 1 to 500 code points. */
  readonly why: string;
  readonly via: 'api' | 'cli';
}

/** Every kind of command there is. A writer refuses to start without a handler for each. */
export interface CommandKinds {
  'post.create': CreatePost;
  'post.edit': EditPost;
  'post.delete': DeletePost;
  'dead_letter.replay': ReplayDeadLetter;
  'dead_letter.discard': DiscardDeadLetter;
  'token.revoke': RevokeToken;
}

export type CommandKind = keyof CommandKinds;
export type Command = CommandKinds[CommandKind];

/** In the order in which the commands of one batch are carried out. */
export const COMMAND_KINDS = [
  'post.create',
  'post.edit',
  'post.delete',
  'dead_letter.replay',
  'dead_letter.discard',
  'token.revoke',
] as const satisfies readonly CommandKind[];
