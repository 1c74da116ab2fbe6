/** Preloaded by `node --import`, before the libraries that it instruments. `OTEL_SDK_DISABLED=true` loads nothing. */
import { readOtelEnv } from './otel-env.js';

const { disabled, ratio } = readOtelEnv();
if (!disabled) {
  const { register } = await import('import-in-the-middle/register-hooks.mjs');
  register({ include: ['ioredis', 'pino', 'pg'] });
  const { startSdk } = await import('./start-sdk.js');
  startSdk(ratio);
}
