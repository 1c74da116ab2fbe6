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

/** Every kind of command there is. A writer refuses to start without a handler for each. */
export interface CommandKinds {
  'post.create': CreatePost;
}

export type CommandKind = keyof CommandKinds;
export type Command = CommandKinds[CommandKind];

export const COMMAND_KINDS = ['post.create'] as const satisfies readonly CommandKind[];
