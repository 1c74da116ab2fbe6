import type { ErrorCode, ProblemPointer } from '@spillway/contracts';

export interface ProblemOptions {
  readonly errors?: readonly ProblemPointer[];
  readonly retryAfterSeconds?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** For our log; never part of the answer. */
  readonly cause?: unknown;
}

/** An error that the caller is told. `detail` is shown as it is: it says what happened and what to do. */
export class ProblemError extends Error {
  readonly errors?: readonly ProblemPointer[];
  readonly retryAfterSeconds?: number;
  readonly headers?: Readonly<Record<string, string>>;

  constructor(
    readonly code: ErrorCode,
    readonly detail: string,
    { errors, retryAfterSeconds, headers, cause }: ProblemOptions = {},
  ) {
    super(detail, cause === undefined ? undefined : { cause });
    this.name = 'ProblemError';
    if (errors) this.errors = errors;
    if (retryAfterSeconds !== undefined) this.retryAfterSeconds = retryAfterSeconds;
    if (headers) this.headers = headers;
  }
}
