import type { Socket } from 'node:net';

/** How the network is at the moment. */
export interface Weather {
  silent: boolean;
  latencyMs: number;
  /** Fires `change` when one of the above did. */
  readonly changed: EventTarget;
}

/** Above this a sender is held back: the proxy buffers no more than a real network would. */
const HELD_MAX_BYTES = 1024 * 1024;

/** Carries bytes, and the end, of one direction as the weather allows. Only answers are ever late. */
export function relay(from: Socket, to: Socket, weather: Weather, direction: 'request' | 'answer'): void {
  const held: { readonly chunk: Buffer | null; readonly dueAt: number }[] = [];
  let heldBytes = 0;
  let timer: NodeJS.Timeout | undefined;

  const hold = (chunk: Buffer | null): void => {
    held.push({ chunk, dueAt: performance.now() + (direction === 'answer' ? weather.latencyMs : 0) });
    heldBytes += chunk?.length ?? 0;
    release();
  };
  const release = (): void => {
    clearTimeout(timer);
    for (let next = held[0]; next && !weather.silent; next = held[0]) {
      const earlyMs = next.dueAt - performance.now();
      if (earlyMs > 0) {
        timer = setTimeout(release, Math.ceil(earlyMs));
        break;
      }
      held.shift();
      heldBytes -= next.chunk?.length ?? 0;
      if (next.chunk === null) to.end();
      else if (!to.destroyed) to.write(next.chunk);
    }
    if (heldBytes > HELD_MAX_BYTES || to.writableNeedDrain) from.pause();
    else from.resume();
    forgetWhenDone();
  };
  /** An orderly end is delivered even after its sender is gone; then nothing of this relay stays. */
  const forgetWhenDone = (): void => {
    if (!to.destroyed && !(from.destroyed && held.length === 0)) return;
    clearTimeout(timer);
    weather.changed.removeEventListener('change', release);
  };
  from.on('data', hold);
  from.on('end', () => {
    hold(null);
  });
  from.on('close', forgetWhenDone);
  to.on('drain', release);
  to.on('close', forgetWhenDone);
  weather.changed.addEventListener('change', release);
}
