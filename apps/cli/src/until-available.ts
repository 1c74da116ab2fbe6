import { setTimeout as delay } from 'node:timers/promises';

const DEADLINE_MS = 60_000;
const PAUSE_MS = 500;
/** Not there yet, as opposed to there and refusing. */
const NOT_THERE =
  /ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|starting up|shutting down|server_login|timeout|socket closed/i;

/** Runs `fn` again while what it needs is still starting, for up to a minute. @throws the last failure. */
export async function untilAvailable<T>(what: string, fn: () => Promise<T>): Promise<T> {
  const until = Date.now() + DEADLINE_MS;
  for (let said = false; ; said = true) {
    try {
      return await fn();
    } catch (error) {
      const message = messageOf(error);
      if (!NOT_THERE.test(message) || Date.now() > until) throw error;
      if (!said) console.error(`waiting for ${what} (${message})`);
      await delay(PAUSE_MS);
    }
  }
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
