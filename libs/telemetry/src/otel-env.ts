import { env } from 'node:process';

/**
 * The standard `OTEL_*` switches that decide what is loaded at all. Everything else of them is read by
 * the SDK itself; what is ours goes through libs/config.
 */
export interface OtelEnv {
  readonly disabled: boolean;
  /** Part of all traces that is kept, 0 to 1. */
  readonly ratio: number;
}

/** @throws Error when the ratio is not a number from 0 to 1. */
export function readOtelEnv(from: Readonly<Record<string, string | undefined>> = env): OtelEnv {
  const text = from['OTEL_TRACES_SAMPLER_ARG'] ?? '';
  const ratio = text === '' ? 1 : Number(text);
  if (!(ratio >= 0 && ratio <= 1)) throw new Error('OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1');
  return { disabled: from['OTEL_SDK_DISABLED']?.toLowerCase() === 'true', ratio };
}
