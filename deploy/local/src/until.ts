const INTERVAL_MS = 100;

export interface UntilOptions {
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
  /** Called on each round; throws when waiting has become pointless. */
  readonly guard?: () => void;
}

/**
 * Asks again and again until the probe neither throws nor answers false.
 * @throws Error naming what was waited for and the last obstacle, at the deadline.
 */
export async function until(
  what: string,
  options: UntilOptions,
  probe: () => Promise<unknown>,
): Promise<void> {
  const end = Date.now() + options.deadlineMs;
  let obstacle = '';
  for (;;) {
    options.signal?.throwIfAborted();
    options.guard?.();
    try {
      if ((await probe()) !== false) return;
    } catch (error) {
      obstacle = error instanceof Error ? error.message || error.name : String(error);
    }
    if (Date.now() > end) {
      throw new Error(
        `Waited ${options.deadlineMs / 1000} s for ${what}, in vain.${obstacle ? ` Last: ${obstacle}` : ''}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
  }
}
