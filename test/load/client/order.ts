/** What the load process is told to send. */
export interface LoadOrder {
  /** Origin, such as http://127.0.0.1:3000. */
  readonly url: string;
  readonly path: string;
  /** `POST` when left out. */
  readonly method?: 'GET' | 'POST';
  /** Sent with every request, by lower-case name. */
  readonly headers?: Readonly<Record<string, string>>;
  /** One prepared request per token, sent in turn. */
  readonly tokens: readonly string[];
  /** JSON texts, dealt out to the tokens in turn. */
  readonly bodies: readonly string[];
  readonly connections: number;
  /** Requests a second on a schedule that does not wait for answers, or null: as fast as answers come. */
  readonly rate: number | null;
  readonly durationMs: number;
}

/** Latencies in milliseconds; NaN of nothing. */
export interface Latency {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface LoadResult {
  /** Milliseconds in which requests were begun. */
  readonly elapsedMs: number;
  /** Requests that were due, the unsent among them. */
  readonly due: number;
  /** Due, but no connection was free before the end. */
  readonly unsent: number;
  /** How many answers of each status; `0` for connections that broke and requests without an answer. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Successes (2xx and 304) that came before the end. */
  readonly acceptedInTime: number;
  /** Of successes, counted from the moment a request was due. */
  readonly accepted: Latency;
  /** Of 429s and 503s, counted likewise. */
  readonly refused: Latency;
  /** Of 429s and 503s, counted from the moment the request left: what the service itself took. */
  readonly refusedService: Latency;
}
