import { attempt, openStream, type Answer, type ApiRequest } from './attempt.js';
import { askedWaitMs, backoffMs, REQUEST_BACKOFF } from './backoff.js';
import { SpillwayError } from './spillway-error.js';
import { wait } from './wait.js';

export interface TransportOptions {
  /** Where the service is, for example `http://localhost:3000`. */
  readonly baseUrl: string;
  /** A bearer token, or what gives one: asked before every attempt, so it may be renewed. */
  readonly token: string | (() => string | Promise<string>);
  readonly fetch?: typeof globalThis.fetch;
  /** How long one attempt may take, until the last byte of its answer. */
  readonly requestTimeoutMs?: number;
  /**
   * No further attempt starts once this long has passed since the call began; 0 means one attempt.
   * A call therefore ends within `deadlineMs + requestTimeoutMs`.
   */
  readonly retry?: { readonly deadlineMs: number };
  /** Told of every attempt that failed, also of those that are repeated; in a batch, of every post's. */
  readonly onFailedAttempt?: (error: SpillwayError) => void;
}

/** A request before it has an address and a token. */
export interface Call {
  readonly method: ApiRequest['method'];
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Doing it twice is something else than doing it once: not repeated when it may have taken effect. */
  readonly onceOnly?: boolean;
}

export interface CallLimits {
  readonly signal?: AbortSignal | undefined;
  /** Unix milliseconds after which no further attempt starts. */
  readonly giveUpAt?: number;
  /** How much longer than usual the service may take. */
  readonly extraMs?: number;
}

const DEFAULT_REQUEST_TIMEOUT_MS = 10_000;
const DEFAULT_RETRY_DEADLINE_MS = 30_000;

/** Sends requests and repeats those that may be repeated. Holds no state between calls. */
export class Transport {
  /** How long a call goes on trying. */
  readonly retryDeadlineMs: number;
  private readonly baseUrl: string;
  private readonly fetch: typeof globalThis.fetch;
  private readonly requestTimeoutMs: number;

  constructor(private readonly options: TransportOptions) {
    this.baseUrl = options.baseUrl.replace(/\/+$/, '');
    this.fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
    this.requestTimeoutMs = options.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS;
    this.retryDeadlineMs = options.retry?.deadlineMs ?? DEFAULT_RETRY_DEADLINE_MS;
  }

  /**
   * Sends a request until it succeeds, must not be repeated, or its time is over.
   * @throws SpillwayError, or the signal's reason.
   */
  async call(call: Call, { signal, giveUpAt = Infinity, extraMs = 0 }: CallLimits): Promise<Answer> {
    const lastStart = Math.min(Date.now() + this.retryDeadlineMs, giveUpAt);
    let mayHaveHappened = false;
    for (let tries = 0; ; tries++) {
      const request = await this.request(call);
      try {
        return await attempt(this.fetch, request, this.requestTimeoutMs + extraMs, signal);
      } catch (error) {
        if (!(error instanceof SpillwayError)) throw error;
        this.options.onFailedAttempt?.(error);
        mayHaveHappened ||= error.outcomeUnknown;
        const pauseMs = pauseAfter(error.retryAfterMs, tries);
        const final = !error.retryable || (call.onceOnly === true && error.outcomeUnknown);
        if (final || Date.now() + pauseMs > lastStart)
          throw mayHaveHappened ? error.withUnknownOutcome() : error;
        await wait(pauseMs, signal);
      }
    }
  }

  /**
   * Opens an answer that goes on for long, once. Its headers must come within the usual time.
   * @throws SpillwayError when it is not a 200, or the signal's reason.
   */
  async open(call: Call, signal: AbortSignal): Promise<Response> {
    return openStream(this.fetch, await this.request(call), this.requestTimeoutMs, signal);
  }

  /** Tells whoever listens of a failure that came inside a successful answer. */
  report(error: SpillwayError): void {
    this.options.onFailedAttempt?.(error);
  }

  private async request({ method, path, headers, body }: Call): Promise<ApiRequest> {
    const { token } = this.options;
    const bearer = typeof token === 'string' ? token : await token();
    const always = { accept: 'application/json', authorization: `Bearer ${bearer}`, ...headers };
    const url = this.baseUrl + path;
    if (body === undefined) return { method, url, headers: always };
    return { method, url, headers: { ...always, 'content-type': 'application/json' }, body };
  }
}

/** Milliseconds until the next try: what was asked for, or a growing pause of our own. */
export const pauseAfter = (retryAfterMs: number | null, tries: number): number =>
  retryAfterMs === null ? backoffMs(tries, REQUEST_BACKOFF) : askedWaitMs(retryAfterMs);
