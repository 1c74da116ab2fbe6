import { loadConfig, parsed } from '@spillway/config';

/**
 * The standard `OTEL_*` switches that decide what is loaded at all; the SDK reads the others itself.
 * Set to nothing they count as absent, as the OpenTelemetry specification has it.
 */
export const otelConfig = {
  disabled: parsed(
    'OTEL_SDK_DISABLED',
    { about: 'true switches traces and metrics off', fallback: '' },
    (value) => value.toLowerCase() === 'true',
  ),
  /** Part of all traces that is kept, 0 to 1. */
  ratio: parsed(
    'OTEL_TRACES_SAMPLER_ARG',
    { about: 'Part of all traces that is kept, 0 to 1; 1 when empty', fallback: '' },
    (value) => {
      const ratio = value === '' ? 1 : Number(value);
      if (!(ratio >= 0 && ratio <= 1)) throw new Error('must be a number from 0 to 1');
      return ratio;
    },
  ),
};

/** @throws ConfigError when the ratio is not a number from 0 to 1. */
export const readOtelEnv = (
  from?: NodeJS.ProcessEnv,
): { readonly disabled: boolean; readonly ratio: number } => loadConfig(otelConfig, from);
