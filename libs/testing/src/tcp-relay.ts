import type { Socket } from 'node:net';

/** How the network is at the moment. */
export interface Weather {
  silent: boolean;
  latencyMs: number;
  /** The same for what is sent to the target. */
  requestLatencyMs: number;
  /** Of each connection and direction; Infinity when nothing limits it. */
  bytesPerSecond: number;
  /** Fires `change` when one of the above did. */
  readonly changed: EventTarget;
}

/** Above this a sender is held back: the proxy buffers no more than a real network would. */
const HELD_MAX_BYTES = 1024 * 1024;

/** A narrow link holds no more than it carries in this time, as a router's queue would. */
const NARROW_QUEUE_SECONDS = 0.1;
const PACKET_BYTES = 1_460;

export interface Relay {
  readonly from: Socket;
  readonly to: Socket;
  readonly weather: Weather;
  readonly direction: 'request' | 'answer';
  /** Sees each chunk; what it refuses goes no further. */
  readonly filter?: (chunk: Buffer) => boolean;
}

/** Carries bytes, and the end, of one direction as the weather allows. */
export function relay({ from, to, weather, direction, filter }: Relay): void {
  const held: { readonly chunk: Buffer | null; readonly dueAt: number }[] = [];
  let heldBytes = 0;
  let freeAt = 0;
  let timer: NodeJS.Timeout | undefined;

  const hold = (chunk: Buffer | null): void => {
    if (chunk && filter?.(chunk) === false) return;
    const latencyMs = direction === 'answer' ? weather.latencyMs : weather.requestLatencyMs;
    const now = performance.now();
    for (const packet of packetsOf(chunk, weather.bytesPerSecond)) {
      freeAt = Math.max(freeAt, now) + ((packet?.length ?? 0) * 1000) / weather.bytesPerSecond;
      held.push({ chunk: packet, dueAt: Math.max(freeAt, now + latencyMs) });
      heldBytes += packet?.length ?? 0;
    }
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
    const roomBytes = Math.min(HELD_MAX_BYTES, weather.bytesPerSecond * NARROW_QUEUE_SECONDS);
    if (heldBytes > roomBytes || to.writableNeedDrain) from.pause();
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

/** What a narrow link carries piece by piece, an open one carries at once. */
function packetsOf(chunk: Buffer | null, bytesPerSecond: number): readonly (Buffer | null)[] {
  if (chunk === null || !Number.isFinite(bytesPerSecond)) return [chunk];
  const packets: Buffer[] = [];
  for (let at = 0; at < chunk.length; at += PACKET_BYTES) packets.push(chunk.subarray(at, at + PACKET_BYTES));
  return packets;
}
