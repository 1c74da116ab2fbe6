/**
 * Runs `work` after `firstMs` and then after each pause that it returns, in milliseconds, one at a time.
 * `work` must not throw. Returns how to stop; what is under way ends by itself.
 */
export function repeat(firstMs: number, work: (going: () => boolean) => Promise<number>): () => void {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const run = async (): Promise<void> => {
    const next = await work(() => !stopped);
    if (!stopped) timer = setTimeout(() => void run(), next);
  };
  timer = setTimeout(() => void run(), firstMs);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
