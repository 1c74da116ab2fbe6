export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface ReadOptions extends CallOptions {
  /** From a completed job: the answer then contains that commit. */
  readonly consistencyToken?: string | undefined;
}
