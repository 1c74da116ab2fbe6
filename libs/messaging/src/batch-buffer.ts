import { isSuspect, type BatchTrigger, type Delivery } from './batch.js';

export interface BatchLimits {
  readonly maxCommands: number;
  readonly maxBytes: number;
  /** Age of the first message at which a batch closes. Never a debounce: a trickle must not delay it. */
  readonly maxAgeMs: number;
}

/** Deliveries waiting for their batch, and when the next batch is due. Pure: time is handed in. */
export class BatchBuffer {
  private readonly waiting: Delivery[] = [];
  private commands = 0;
  private bytes = 0;

  constructor(private readonly limits: BatchLimits) {}

  get size(): number {
    return this.waiting.length;
  }

  /** Unix milliseconds at which the oldest delivery was received, or undefined when empty. */
  get oldest(): number | undefined {
    return this.waiting[0]?.receivedAt;
  }

  /** The deliveries in hand, oldest first. */
  get deliveries(): readonly Delivery[] {
    return this.waiting;
  }

  push(delivery: Delivery): void {
    this.waiting.push(delivery);
    this.commands += delivery.entries.length;
    this.bytes += delivery.message.content.length;
  }

  /** Why a batch should be taken now, or null. */
  due(now: number): BatchTrigger | null {
    const first = this.waiting[0];
    if (!first) return null;
    if (isSuspect(first)) return 'alone';
    if (this.commands >= this.limits.maxCommands) return 'commands';
    if (this.bytes >= this.limits.maxBytes) return 'bytes';
    const ageMs = now - first.receivedAt;
    // Less than nothing: the clock was set back, and nobody knows how long it has waited.
    return ageMs >= this.limits.maxAgeMs || ageMs < 0 ? 'age' : null;
  }

  /** Takes the oldest deliveries that fit one batch: at least one, in order of arrival. */
  take(): Delivery[] {
    let count = 0;
    let commands = 0;
    let bytes = 0;
    for (const delivery of this.waiting) {
      const suspect = isSuspect(delivery);
      const over =
        commands + delivery.entries.length > this.limits.maxCommands ||
        bytes + delivery.message.content.length > this.limits.maxBytes;
      if (count > 0 && (suspect || over)) break;
      count++;
      commands += delivery.entries.length;
      bytes += delivery.message.content.length;
      if (suspect) break;
    }
    this.commands -= commands;
    this.bytes -= bytes;
    return this.waiting.splice(0, count);
  }
}
