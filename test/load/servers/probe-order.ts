/** What the probe of the broker is told to publish. */
export interface ProbeOrder {
  /** Holds credentials: never print it. */
  readonly url: string;
  readonly bytes: number;
  /** Messages a second. */
  readonly rate: number;
  readonly durationMs: number;
}
