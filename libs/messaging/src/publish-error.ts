/**
 * Why a message was not confirmed. `unavailable`, `blocked`, `full`, `unroutable` and `rejected` mean
 * that it certainly has no effect; `unknown` that it may have been stored.
 */
export type PublishFailure = 'unavailable' | 'blocked' | 'full' | 'unroutable' | 'rejected' | 'unknown';

/** What happened to a message that was not confirmed, or would happen to it now. */
export interface NotPublished {
  readonly failure: PublishFailure;
  readonly message: string;
}

export class PublishError extends Error implements NotPublished {
  readonly failure: PublishFailure;

  constructor({ failure, message }: NotPublished) {
    super(message);
    this.name = 'PublishError';
    this.failure = failure;
  }
}

const notPublished = (failure: PublishFailure, message: string): NotPublished => ({ failure, message });

/**
 * All that can happen. They are no errors until one is thrown: whoever refuses a flood pays for no stack
 * that nobody reads.
 */
export const NOT_PUBLISHED = {
  stopping: notPublished('unavailable', 'the publisher is stopping'),
  notConnected: notPublished('unavailable', 'there is no connection to the broker'),
  noChannel: notPublished('unavailable', 'there is no channel to the broker'),
  channelClosed: notPublished('unavailable', 'the channel to the broker was closed'),
  heldUp: notPublished('unavailable', 'this process was held up and did not send it in time'),
  blocked: notPublished('blocked', 'the broker is out of memory or disk and blocks publishers'),
  full: notPublished('full', 'as many posts as the broker confirms in time already wait for it'),
  rejected: notPublished('rejected', 'the broker refused the post: its queue is full or has no majority'),
  unroutable: notPublished('unroutable', 'no queue takes this post: the topology is not complete'),
  late: notPublished('unknown', 'the broker did not confirm in time'),
  lost: notPublished('unknown', 'the connection to the broker was lost before it confirmed'),
} as const;

/** The broker is there and confirms nothing. */
export const stalledFor = (timeoutMs: number): NotPublished =>
  notPublished('unavailable', `the broker has confirmed nothing for ${timeoutMs} ms`);
