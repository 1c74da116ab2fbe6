/** What a client was told. */
export type Answer =
  | {
      readonly kind: 'accepted';
      readonly jobId: string;
      /** Read from the ticket. */
      readonly commandId: string;
      readonly postId: string;
    }
  /** 4xx, 429, 503: it certainly had no effect. */
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly code: string;
      /** Of the header Retry-After. */
      readonly retryAfter?: string;
    }
  /** Reset, deadline, 500, 502, 504: it may have had its effect. */
  | { readonly kind: 'unknown'; readonly status: number | null; readonly why: string };

/** One request of the history. Several requests of one `op` are the same post, sent again under the same id. */
export interface RequestRecord {
  readonly op: string;
  readonly attempt: number;
  readonly method: 'POST' | 'PUT' | 'PUBLISH';
  readonly tenant: string;
  readonly sub: string;
  /** Minted by the client, or null when the server mints it. */
  readonly postId: string | null;
  /** The Idempotency-Key it carried. */
  readonly key?: string;
  readonly marker: string;
  readonly content: string;
  readonly channelId: string | null;
  readonly tags: readonly string[];
  /** Unix milliseconds of sending and of the answer. */
  readonly t0: number;
  readonly t1: number;
  readonly answer: Answer;
}

/** What a look at a job showed. */
export interface JobObservation {
  readonly jobId: string;
  readonly tenant: string;
  readonly at: number;
  readonly status: 'processing' | 'completed' | 'failed' | 'not_found' | 'unavailable';
  readonly code?: string;
  /** Why it goes on `processing`, when it says so. */
  readonly reason?: string;
  /** The post it answers with. */
  readonly postId?: string;
}

/** A row of `posts` on the primary. */
export interface PostRow {
  readonly tenantId: string;
  readonly id: string;
  readonly authorId: string;
  readonly channelId: string | null;
  readonly content: string;
  readonly tags: readonly string[];
  readonly commandId: string;
  /** Unix milliseconds. */
  readonly storedAt: number;
}

export interface OutcomeRow {
  readonly tenantId: string;
  readonly commandId: string;
  readonly outcome: string;
  readonly code: string | null;
}

export interface DeadLetterRow {
  readonly tenantId: string | null;
  readonly commandId: string | null;
}

/** Everything the checker compares. */
export interface Evidence {
  readonly requests: readonly RequestRecord[];
  readonly jobs: readonly JobObservation[];
  readonly rows: readonly PostRow[];
  readonly outcomes: readonly OutcomeRow[];
  readonly deadLetters: readonly DeadLetterRow[];
}

/** Every request and every look at a job of one run, in order of their end. */
export class History {
  readonly requests: RequestRecord[] = [];
  readonly jobs: JobObservation[] = [];

  /** Requests that were sent within a span of time. */
  sentBetween(from: number, to: number): readonly RequestRecord[] {
    return this.requests.filter((r) => r.t0 >= from && r.t0 < to);
  }

  /** Requests that were sent and answered within a span of time. */
  within(from: number, to: number): readonly RequestRecord[] {
    return this.requests.filter((r) => r.t0 >= from && r.t1 <= to);
  }

  /** First attempts accepted per second, by the time of their answer. */
  acceptedRate(from: number, to: number): number {
    const n = this.requests.filter(
      (r) => r.attempt === 1 && r.answer.kind === 'accepted' && r.t1 >= from && r.t1 < to,
    ).length;
    return (n * 1000) / Math.max(1, to - from);
  }
}
