import { isErrorCode, type ErrorCode, type Problem } from '@spillway/contracts';

/** What can go wrong without an answer of the service: its own errors carry an `ErrorCode`. */
export type ClientErrorCode = 'no_answer' | 'answer_timeout' | 'malformed_answer' | 'job_deadline';

/** What is known of a failed call beyond its code. */
export interface SpillwayErrorFacts {
  /** The service's own words, or null when it did not answer or answered something else. */
  readonly problem: Problem | null;
  /** HTTP status, or 0 without an answer. */
  readonly status: number;
  /** The same call may succeed later. */
  readonly retryable: boolean;
  /** The request may have taken effect: repeat it with the same id rather than with a new one. */
  readonly outcomeUnknown: boolean;
  /** From Retry-After, when the answer had one. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** A call that did not succeed, after all retries. `retryable` and `outcomeUnknown` say what to do about it. */
export class SpillwayError extends Error {
  readonly problem: Problem | null;
  readonly status: number;
  readonly retryable: boolean;
  readonly outcomeUnknown: boolean;
  readonly retryAfterMs: number | null;

  constructor(
    readonly code: ErrorCode | ClientErrorCode,
    readonly detail: string,
    facts: SpillwayErrorFacts,
  ) {
    super(`${code}: ${detail}`, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = 'SpillwayError';
    this.problem = facts.problem;
    this.status = facts.status;
    this.retryable = facts.retryable;
    this.outcomeUnknown = facts.outcomeUnknown;
    this.retryAfterMs = facts.retryAfterMs ?? null;
  }

  /** The service's own refusal, with every mistake that it names. */
  static fromProblem(
    problem: Problem,
    facts: Omit<SpillwayErrorFacts, 'problem' | 'status'> & { readonly status?: number },
  ): SpillwayError {
    const mistakes = (problem.errors ?? []).map(({ pointer, detail }) => `${pointer}: ${detail}`);
    const detail = [problem.detail, ...mistakes].join(' · ');
    return new SpillwayError(problem.code, detail, { status: problem.status, ...facts, problem });
  }

  /** The request id to quote to an operator, or null without an answer of the service. */
  get requestId(): string | null {
    return this.problem?.requestId ?? null;
  }

  /** The same error, for a call of which an earlier attempt may have taken effect. */
  withUnknownOutcome(): SpillwayError {
    return this.outcomeUnknown
      ? this
      : new SpillwayError(this.code, this.detail, { ...this.facts(), outcomeUnknown: true });
  }

  private facts(): SpillwayErrorFacts {
    const { problem, status, retryable, outcomeUnknown, retryAfterMs, cause } = this;
    return {
      problem,
      status,
      retryable,
      outcomeUnknown,
      cause,
      ...(retryAfterMs === null ? {} : { retryAfterMs }),
    };
  }
}

/** The problem details of an error body, or null when it is not one of ours. */
export function problemFrom(body: unknown): Problem | null {
  if (typeof body !== 'object' || body === null) return null;
  const { code, detail, requestId } = body as Partial<Record<keyof Problem, unknown>>;
  const ours =
    typeof code === 'string' &&
    isErrorCode(code) &&
    typeof detail === 'string' &&
    typeof requestId === 'string';
  return ours ? (body as Problem) : null;
}
