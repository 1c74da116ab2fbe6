import { setTimeout as delay } from 'node:timers/promises';
import { runningSdk } from './sdk-state.js';

/**
 * Sends what is still queued, for at most `timeoutMs`; a dead receiver must not hold up a stop. Never
 * rejects. Call it last: spans that end afterwards are lost.
 */
export async function shutdownTelemetry(timeoutMs = 3000): Promise<void> {
  const sdk = runningSdk();
  if (!sdk) return;
  const deadline = new AbortController();
  const flushed = sdk.shutdown().catch(() => undefined);
  await Promise.race([
    flushed,
    delay(timeoutMs, undefined, { signal: deadline.signal }).catch(() => undefined),
  ]);
  deadline.abort();
}
