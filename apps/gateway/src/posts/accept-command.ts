import type { Span } from '@opentelemetry/api';
import type { Accepted, Command } from '@spillway/contracts';
import {
  encodeEnvelope,
  ENVELOPE_TYPE,
  issueTicket,
  type ShardDirectory,
  type SigningKeys,
} from '@spillway/contracts/server';
import { bulkQueue, PublishError, writeQueue, type Publisher } from '@spillway/messaging';
import { meters } from '@spillway/telemetry';
import { refusalOf } from './refusal-of.js';

export interface AcceptOptions {
  /** Imports take the bulk lane, so that they never stand before a single post. */
  readonly lane: 'write' | 'bulk';
  /** The request's span, which is told the job. */
  readonly span: Span | undefined;
}

/** Puts commands on their shard's queue and answers with a job. */
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
    const jobId = issueTicket(this.keys, command.tenantId, {
      kind: 'create',
      issuedAt: command.acceptedAt,
      commandId: command.commandId,
      postId: command.postId,
    });
    span?.setAttributes({ 'app.tenant': command.tenantId, 'app.job_id': jobId });
    try {
      await this.publisher.publish({
        messageId: crypto.randomUUID(),
        type: ENVELOPE_TYPE,
        routingKey: (lane === 'bulk' ? bulkQueue : writeQueue)(this.directory.shardOf(command.tenantId)),
        body: encodeEnvelope([command]),
        posts: 1,
        timestamp: command.acceptedAt,
      });
    } catch (error) {
      if (!(error instanceof PublishError)) throw error;
      const refusal = refusalOf(error);
      meters().postsRefused.add(1, { reason: refusal.code });
      throw refusal;
    }
    return { message: 'Post creation queued successfully', jobId, status: 'processing' };
  }
}
