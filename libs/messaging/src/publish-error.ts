/**
 * Why a message was not confirmed. `unavailable`, `blocked`, `full`, `unroutable` and `rejected` mean
 * that it certainly has no effect; `unknown` that it may have been stored.
 */
export type PublishFailure = 'unavailable' | 'blocked' | 'full' | 'unroutable' | 'rejected' | 'unknown';

export class PublishError extends Error {
  constructor(
    readonly failure: PublishFailure,
    message: string,
  ) {
    super(message);
    this.name = 'PublishError';
  }
}
