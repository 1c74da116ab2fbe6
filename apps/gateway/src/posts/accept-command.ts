import type { Span } from '@opentelemetry/api';
import type { Accepted, Command, CommandKind } from '@spillway/contracts';
import {
  encodeEnvelope,
  ENVELOPE_TYPE,
  issueTicket,
  type EncodedEnvelope,
  type ShardDirectory,
  type SigningKeys,
  type Ticket,
} from '@spillway/contracts/server';
import {
  bulkQueue,
  PublishError,
  SharedMessages,
  writeQueue,
  type Destination,
  type NotPublished,
  type Publisher,
  type SharingOptions,
} from '@spillway/messaging';
import { ProblemError, type WireError } from '@spillway/http';
import { meters } from '@spillway/telemetry';
import { refusalOf } from './refusal-of.js';

export interface AcceptOptions {
  /** Imports and batches take the bulk lane, so that they never stand before a single post. */
  readonly lane: 'write' | 'bulk';
  /** The request's span, which is told the job. */
  readonly span: Span | undefined;
}

const MESSAGES: Record<CommandKind, string> = {
  'post.create': 'Post creation queued successfully',
  'post.edit': 'Post edit queued successfully',
  'post.delete': 'Post deletion queued successfully',
  'dead_letter.replay': 'Replay queued successfully',
  'dead_letter.discard': 'Discard queued successfully',
  'token.revoke': 'Revocation queued successfully',
};
const TICKET_KINDS: Record<CommandKind, Ticket['kind']> = {
  'post.create': 'create',
  'post.edit': 'edit',
  'post.delete': 'delete',
  'dead_letter.replay': 'replay',
  'dead_letter.discard': 'discard',
  'token.revoke': 'revoke',
};

/** Puts commands on their shard's queue and answers with jobs. */
export class CommandAcceptor {
  private readonly shared: SharedMessages;

  constructor(
    private readonly publisher: Publisher,
    private readonly directory: ShardDirectory,
    private readonly keys: SigningKeys,
    sharing: SharingOptions = { lingerMs: 0 },
  ) {
    this.shared = new SharedMessages(publisher, sharing);
  }

  /**
   * Resolves when a quorum of the broker has the command on disk.
   * @throws ProblemError: 503 when it certainly has no effect, 504 when that is unknown.
   */
  async accept(command: Command, { lane, span }: AcceptOptions): Promise<Accepted> {
    const accepted = this.jobOf(command);
    span?.setAttributes({ 'app.tenant': command.tenantId, 'app.job_id': accepted.jobId });
    try {
      await this.shared.send(command, this.destinationOf(command.tenantId, lane));
    } catch (error) {
      throw error instanceof PublishError ? this.problemOf(error, 1) : error;
    }
    return accepted;
  }

  /** The answer to a command once it is accepted. The same command has the same answer. */
  jobOf(command: Command): Accepted {
    const jobId = issueTicket(this.keys, command.tenantId, {
      kind: TICKET_KINDS[command.kind],
      issuedAt: command.acceptedAt,
      commandId: command.commandId,
      postId: command.postId,
    });
    return { message: MESSAGES[command.kind], jobId, status: 'processing' };
  }

  /** @throws ProblemError 503 while nothing can be published, so that nothing is prepared in vain. */
  requireOpen(posts: number): void {
    const { closedBecause } = this.publisher;
    if (closedBecause) throw this.problemOf(closedBecause, posts);
  }

  /** What a post is answered while nothing can be published, counted as given; null while the gate is open. */
  refuseNow(): WireError | null {
    const { closedBecause } = this.publisher;
    return closedBecause && this.refused(closedBecause, 1);
  }

  /**
   * Publishes commands of one tenant in one message.
   * @throws ProblemError, for all of them alike.
   */
  async publish({ commands, body }: EncodedEnvelope, lane: AcceptOptions['lane']): Promise<void> {
    const [first] = commands;
    if (!first) return;
    try {
      await this.publisher.publish({
        messageId: crypto.randomUUID(),
        type: ENVELOPE_TYPE,
        ...this.destinationOf(first.tenantId, lane),
        body,
        bodyBelow: (traceparent) => encodeEnvelope(commands.map((command) => ({ ...command, traceparent }))),
        posts: commands.length,
        timestamp: first.acceptedAt,
      });
    } catch (error) {
      if (!(error instanceof PublishError)) throw error;
      throw this.problemOf(error, commands.length);
    }
  }

  /** Where a tenant's commands go. */
  shardOf(tenantId: string): string {
    return this.directory.shardOf(tenantId);
  }

  private destinationOf(tenantId: string, lane: AcceptOptions['lane']): Destination {
    const shard = this.directory.shardOf(tenantId);
    const bulk = lane === 'bulk';
    return { routingKey: bulk ? bulkQueue(shard) : writeQueue(shard), bulk };
  }

  private problemOf(cause: NotPublished, posts: number): ProblemError {
    const { code, detail, ...options } = this.refused(cause, posts);
    return new ProblemError(code, detail, { ...options, cause });
  }

  private refused(cause: NotPublished, posts: number): WireError {
    const refusal = refusalOf(cause);
    meters().postsRefused.add(posts, { reason: refusal.code });
    return refusal;
  }
}
