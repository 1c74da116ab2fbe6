import type { Span } from '@opentelemetry/api';
import type { Accepted, Command, CommandKind } from '@spillway/contracts';
import {
  encodeEnvelope,
  ENVELOPE_TYPE,
  issueTicket,
  type ShardDirectory,
  type SigningKeys,
  type Ticket,
} from '@spillway/contracts/server';
import { bulkQueue, PublishError, writeQueue, type Publisher } from '@spillway/messaging';
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
};
const TICKET_KINDS: Record<CommandKind, Ticket['kind']> = {
  'post.create': 'create',
  'post.edit': 'edit',
  'post.delete': 'delete',
};

/** Puts commands on their shard's queue and answers with jobs. */
export class CommandAcceptor {
  constructor(
    private readonly publisher: Publisher,
    private readonly directory: ShardDirectory,
    private readonly keys: SigningKeys,
  ) {}

  /**
   * Resolves when a quorum of the broker has the command on disk.
   * @throws ProblemError: 503 when it certainly has no effect, 504 when that is unknown.
   */
  async accept(command: Command, { lane, span }: AcceptOptions): Promise<Accepted> {
    const accepted = this.jobOf(command);
    span?.setAttributes({ 'app.tenant': command.tenantId, 'app.job_id': accepted.jobId });
    await this.publish([command], lane);
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

  /**
   * Publishes commands of one tenant in one message.
   * @throws ProblemError, for all of them alike.
   */
  async publish(commands: readonly Command[], lane: 'write' | 'bulk'): Promise<void> {
    const [first] = commands;
    if (!first) return;
    try {
      await this.publisher.publish({
        messageId: crypto.randomUUID(),
        type: ENVELOPE_TYPE,
        routingKey: (lane === 'bulk' ? bulkQueue : writeQueue)(this.directory.shardOf(first.tenantId)),
        body: encodeEnvelope(commands),
        bulk: lane === 'bulk',
        posts: commands.length,
        timestamp: first.acceptedAt,
      });
    } catch (error) {
      if (!(error instanceof PublishError)) throw error;
      const refusal = refusalOf(error);
      meters().postsRefused.add(commands.length, { reason: refusal.code });
      throw refusal;
    }
  }
}
