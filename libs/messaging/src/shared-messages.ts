import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import type { Command } from '@spillway/contracts';
import {
  ENVELOPE_MAX_BYTES,
  ENVELOPE_MAX_COMMANDS,
  ENVELOPE_TYPE,
  frameEnvelope,
} from '@spillway/contracts/server';
import { NOT_PUBLISHED, PublishError } from './publish-error.js';
import type { Publisher } from './publisher.js';
import { below, endSendSpan, startSendSpan } from './send-span.js';

export interface SharingOptions {
  /** Least milliseconds between two messages of a queue that are not full. 0: each command has its own. */
  readonly lingerMs: number;
}

/** Where a command is to go. */
export interface Destination {
  readonly routingKey: string;
  readonly bulk: boolean;
}

/** Room for the frame around the commands, and for a comma after each. */
const FRAME_BYTES = 64;

interface OpenMessage {
  readonly messageId: string;
  readonly to: Destination;
  readonly acceptedAt: number;
  /** Milliseconds of `performance.now()`. */
  readonly openedAt: number;
  readonly texts: string[];
  readonly waiting: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[];
  bytes: number;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Lets commands that come at about the same time share a message. A queue that was
 * sent nothing for `lingerMs` gets a command at once; what comes sooner after a message shares the next. A message's end, be it a
 * confirm, a refusal or silence, is that of all its commands. What waits is bounded by one message a
 * queue, for `lingerMs`.
 */
export class SharedMessages {
  private readonly open = new Map<string, OpenMessage>();
  /** Commands of open messages. */
  private unsent = 0;
  /** When each queue was sent its last message, in milliseconds of `performance.now()`. */
  private readonly sentAt = new Map<string, number>();

  constructor(
    private readonly publisher: Publisher,
    private readonly options: SharingOptions,
  ) {}

  /**
   * Resolves when a quorum of the queue's replicas has the command on disk.
   * @throws PublishError: at once while the gate is closed.
   */
  async send(command: Command, to: Destination): Promise<void> {
    const refusal = this.publisher.refusalOf(to.bulk, this.unsent);
    if (refusal) throw new PublishError(refusal);
    const span = startSendSpan(to);
    const text = JSON.stringify(span ? below(span, command) : command);
    const bytes = Buffer.byteLength(text) + 1;
    const message = this.messageFor(to, bytes, command.acceptedAt);
    message.texts.push(text);
    this.unsent++;
    message.bytes += bytes;
    span?.setAttribute('messaging.message.id', message.messageId);
    const confirmed = new Promise<void>((resolve, reject) => message.waiting.push({ resolve, reject }));
    if (this.isDue(message)) this.flush(message);
    else message.timer ??= setTimeout(() => this.flush(message), this.dueInMs(message));
    try {
      await confirmed;
      endSendSpan(span);
    } catch (error) {
      endSendSpan(span, error);
      throw error;
    }
  }

  private isDue(message: OpenMessage): boolean {
    return (
      this.options.lingerMs === 0 ||
      message.texts.length >= ENVELOPE_MAX_COMMANDS ||
      this.dueInMs(message) <= 0
    );
  }

  /** Milliseconds until the queue may be sent its next message. */
  private dueInMs({ to }: OpenMessage): number {
    return (this.sentAt.get(to.routingKey) ?? -Infinity) + this.options.lingerMs - performance.now();
  }

  /** The queue's open message, or a new one when the command does not fit into it. */
  private messageFor(to: Destination, bytes: number, acceptedAt: number): OpenMessage {
    const open = this.open.get(to.routingKey);
    if (open && open.bytes + bytes <= ENVELOPE_MAX_BYTES) return open;
    if (open) this.flush(open);
    const message: OpenMessage = {
      messageId: crypto.randomUUID(),
      to,
      acceptedAt,
      openedAt: performance.now(),
      texts: [],
      waiting: [],
      bytes: FRAME_BYTES,
      timer: undefined,
    };
    this.open.set(to.routingKey, message);
    return message;
  }

  private flush(message: OpenMessage): void {
    clearTimeout(message.timer);
    this.open.delete(message.to.routingKey);
    this.unsent -= message.texts.length;
    this.sentAt.set(message.to.routingKey, performance.now());
    // Outside of the request that happened to fill it: each of its commands has a span of its own.
    void context
      .with(ROOT_CONTEXT, () => this.publish(message))
      .then(
        () => message.waiting.forEach(({ resolve }) => resolve()),
        (error: unknown) => message.waiting.forEach(({ reject }) => reject(error)),
      );
  }

  private async publish({ messageId, to, acceptedAt, openedAt, texts }: OpenMessage): Promise<void> {
    // Only a process that was stopped for a while gets here so late; who waits for it may have gone.
    if (performance.now() - openedAt > this.publisher.timeoutMs) throw new PublishError(NOT_PUBLISHED.heldUp);
    await this.publisher.publish({
      messageId,
      type: ENVELOPE_TYPE,
      routingKey: to.routingKey,
      body: frameEnvelope(texts),
      bulk: to.bulk,
      posts: texts.length,
      timestamp: acceptedAt,
    });
  }
}
