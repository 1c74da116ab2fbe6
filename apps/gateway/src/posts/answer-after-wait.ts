import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Result } from '@spillway/cache';
import type { Accepted, Command, CreatePost, Job, Post } from '@spillway/contracts';
import {
  endedJob,
  etagOf,
  issueConsistencyToken,
  presentPost,
  type SigningKeys,
  type StoredPost,
  processClock,
} from '@spillway/contracts/server';
import { preferredWait } from '@spillway/http';
import type { CommitWait } from './commit-wait.js';

/** What a write answers with: 202, and when the client waited 201 with the post or 200 with the job. */
export type WriteAnswer = Accepted | Post | Job;

export interface AcceptedWrite {
  readonly command: Command;
  readonly accepted: Accepted;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Whether the command had ended before it was published (again), so that its end says nothing of now. */
  readonly endedBefore?: boolean;
}

/** What ended longer before its request was taken ended with an earlier one; clocks differ by less. */
const CLOCKS_DIFFER_MS = 1_000;

/** Answers accepted writes: at once, or with `Prefer: wait=N` when they are carried out. */
export class WriteAnswers {
  constructor(
    private readonly wait: CommitWait,
    private readonly consistencyKeys: SigningKeys,
  ) {}

  /**
   * To be asked before a command that may be a repetition is published: whether a request that waits must not
   * take what is known of it for its own, since the post may have been changed or deleted since.
   */
  async hasEnded(command: Command, request: FastifyRequest): Promise<boolean> {
    return waitOf(request) !== undefined && !(await this.wait.isNew(command));
  }

  /** Sets status and headers, and returns the body. What it cannot know in time is the usual 202. */
  async answer(write: AcceptedWrite): Promise<WriteAnswer> {
    const { command, accepted, request, reply } = write;
    const seconds = write.endedBefore ? undefined : waitOf(request);
    const result = seconds === undefined ? null : await this.wait.resultOf(command, seconds, request, reply);
    if (!result || result.ended === 'failed' || isOfEarlierRequest(command, result)) {
      void reply.header('Location', `/v1/jobs/${accepted.jobId}`);
      return accepted;
    }
    const now = processClock.now();
    void reply.headers({
      'Preference-Applied': `wait=${seconds}`,
      'Consistency-Token': issueConsistencyToken(this.consistencyKeys, result.position, now),
    });
    if (command.kind === 'post.create') return created(command, reply);
    void reply.code(200);
    const ticket = { postId: command.postId, issuedAt: command.acceptedAt };
    return endedJob(accepted.jobId, ticket, result, this.consistencyKeys, now);
  }
}

const waitOf = ({ headers: { prefer } }: FastifyRequest): number | undefined =>
  typeof prefer === 'string' ? preferredWait(prefer) : undefined;

/** Then the post may have been changed since, or is another one, and its reader must say how it is. */
const isOfEarlierRequest = (command: Command, result: Result & { readonly ended: 'completed' }): boolean =>
  result.postId !== undefined ||
  (command.kind === 'post.create' && result.at < command.acceptedAt - CLOCKS_DIFFER_MS);

function created({ postId, post }: CreatePost, reply: FastifyReply): Post {
  const stored: StoredPost = {
    id: postId,
    authorId: post.authorId,
    channelId: post.channelId ?? null,
    replyTo: post.replyTo ?? null,
    content: post.content,
    tags: post.tags,
    contentVersion: postId,
    tagsVersion: postId,
    replies: 0,
  };
  const presented = presentPost(stored);
  void reply.code(201).headers({ Location: `/v1/posts/${postId}`, ETag: etagOf(stored, presented) });
  return presented;
}
