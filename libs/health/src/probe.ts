export interface ProbeResult {
  readonly up: boolean;
  /** Why it is down, for our own log; never part of an answer. */
  readonly detail?: string;
}

/** One dependency, asked each time somebody wants to know. */
export interface Probe {
  readonly name: string;
  /** Without a required dependency the service cannot do its job. */
  readonly required: boolean;
  check(): ProbeResult | Promise<ProbeResult>;
}
