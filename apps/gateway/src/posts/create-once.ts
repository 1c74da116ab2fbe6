import type { Principal } from '@spillway/auth';
import type { IdempotencyKeys, KeyRef } from '@spillway/cache';
import { uuidV7, type Accepted, type CreatePost, type PostInput } from '@spillway/contracts';
import { processClock } from '@spillway/contracts/server';
import { ProblemError } from '@spillway/http';
import type { AcceptOptions, CommandAcceptor } from './accept-command.js';
import { buildCreateCommand } from './build-create-command.js';
import { hashOfInput, sha256Hex } from './idempotency-key.js';

export interface CreateOnceParts {
  readonly acceptor: CommandAcceptor;
  readonly keys: IdempotencyKeys;
  /** How long a request with a key counts as in progress: the confirm's deadline and a second. */
  readonly pendingMs: number;
}

export interface CreateOnceRequest {
  readonly principal: Principal;
  readonly input: PostInput;
  /** From the `Idempotency-Key` header. */
  readonly key: string;
}

export interface Once {
  readonly command: CreatePost;
  readonly accepted: Accepted;
  /** The answer to an earlier request with this key. */
  readonly replayed: boolean;
}

/**
 * Creates a post once for its Idempotency-Key. A repetition answers what the first request was answered;
 * one that was cut off is carried on with the very same command, so that it stays one post.
 */
export class CreateOnce {
  constructor(private readonly parts: CreateOnceParts) {}

  /** @throws ProblemError: 409 while the first is in progress, 422 for another body, 503 and 504 as ever. */
  async create({ principal, input, key }: CreateOnceRequest, options: AcceptOptions): Promise<Once> {
    const now = processClock.now();
    const ref: KeyRef = { tenantId: principal.tenant, authorId: principal.sub, keyHash: sha256Hex(key) };
    const bodyHash = hashOfInput(input);
    const fresh = { bodyHash, commandId: uuidV7(now), acceptedAt: now };
    const until = now + this.parts.pendingMs;
    const state = await this.parts.keys.claim(ref, fresh, now, until);
    const bound = state.is === 'ours' || state.is === 'unknown' ? fresh : state.bound;
    if (bound.bodyHash !== bodyHash) throw reused();
    if (state.is === 'in_progress') throw inProgress();
    const command = buildCreateCommand({
      principal,
      postId: bound.commandId,
      commandId: () => bound.commandId,
      authorId: principal.sub,
      input,
      idempotency: { keyHash: ref.keyHash, bodyHash },
      now: bound.acceptedAt,
    });
    if (state.is === 'done') return { command, accepted: this.parts.acceptor.jobOf(command), replayed: true };
    try {
      const accepted = await this.parts.acceptor.accept(command, options);
      await this.parts.keys.finish(ref, command.commandId);
      return { command, accepted, replayed: false };
    } catch (error) {
      // A 504 leaves the key bound: the command may be stored, and only the same one may follow it. An
      // abandoned key stays bound too, for the same reason. A claim whose answer did not come may be there.
      const certain = error instanceof ProblemError && error.code !== 'confirm_timeout';
      if (certain && state.is !== 'abandoned') await this.parts.keys.release(ref, command.commandId, until);
      throw error;
    }
  }
}

const reused = (): ProblemError =>
  new ProblemError(
    'idempotency_key_reused',
    'This Idempotency-Key was used with another body. Nothing was accepted; use a new key for a new post.',
  );

const inProgress = (): ProblemError =>
  new ProblemError(
    'idempotency_in_progress',
    'A request with this Idempotency-Key is being processed. Send it again after Retry-After.',
    { retryAfterSeconds: 1 },
  );
