import { describe, expect, it } from '@jest/globals';
import type { ConsumeMessage } from 'amqplib';
import fc from 'fast-check';
import { BatchBuffer, type BatchLimits } from './batch-buffer.js';
import type { Delivery } from './batch.js';

interface Given {
  readonly commands?: number;
  readonly bytes?: number;
  readonly receivedAt?: number;
  readonly deliveryCount?: number;
}

const delivery = ({ commands = 1, bytes = 10, receivedAt = 0, deliveryCount = 0 }: Given = {}): Delivery => ({
  message: { content: Buffer.alloc(bytes) } as ConsumeMessage,
  entries: Array.from({ length: commands }, () => ({ as: 'invalid' as const, reason: 'a test', raw: null })),
  receivedAt,
  deliveryCount,
});

const LIMITS: BatchLimits = { maxCommands: 10, maxBytes: 1000, maxAgeMs: 50 };

function bufferOf(...given: readonly Given[]): BatchBuffer {
  const buffer = new BatchBuffer(LIMITS);
  for (const one of given) buffer.push(delivery(one));
  return buffer;
}

describe('a batch is due', () => {
  it('never while there is nothing in it', () => {
    expect(bufferOf().due(1_000_000)).toBeNull();
    expect(bufferOf().oldest).toBeUndefined();
  });

  it('by the number of its commands, not of its messages', () => {
    expect(bufferOf({ commands: 9 }).due(0)).toBeNull();
    expect(bufferOf({ commands: 9 }, { commands: 1 }).due(0)).toBe('commands');
  });

  it('by its bytes', () => {
    expect(bufferOf({ bytes: 999 }).due(0)).toBeNull();
    expect(bufferOf({ bytes: 500 }, { bytes: 500 }).due(0)).toBe('bytes');
  });

  it('by the age of its first message, however many come after it', () => {
    const buffer = bufferOf({ receivedAt: 100 });
    for (let at = 101; at < 108; at++) buffer.push(delivery({ receivedAt: at }));
    expect(buffer.oldest).toBe(100);
    expect(buffer.due(149)).toBeNull();
    expect(buffer.due(150)).toBe('age');
  });

  it('at once when the clock was set back since its first message came', () => {
    expect(bufferOf({ receivedAt: 100 }).due(100)).toBeNull();
    expect(bufferOf({ receivedAt: 100 }).due(99)).toBe('age');
  });

  it('at once when its first message is suspected of killing writers', () => {
    expect(bufferOf({ deliveryCount: 1 }).due(0)).toBeNull();
    expect(bufferOf({ deliveryCount: 2 }).due(0)).toBe('alone');
  });
});

describe('what is taken', () => {
  it('fits the limits, and the rest stays', () => {
    const buffer = bufferOf({ commands: 6 }, { commands: 4 }, { commands: 1 });
    expect(buffer.take().map(({ entries }) => entries.length)).toEqual([6, 4]);
    expect(buffer.size).toBe(1);
    expect(buffer.take()).toHaveLength(1);
    expect(buffer.take()).toEqual([]);
  });

  it('is one message at least, even one that is too large by itself', () => {
    const buffer = bufferOf({ commands: 64 }, { bytes: 5000 }, {});
    expect(buffer.take().map(({ entries }) => entries.length)).toEqual([64]);
    expect(buffer.take().map(({ message }) => message.content.length)).toEqual([5000]);
    expect(buffer.take()).toHaveLength(1);
  });

  it('is a suspect alone, with nobody before or behind it', () => {
    const buffer = bufferOf({}, { deliveryCount: 2 }, { deliveryCount: 3 }, {});
    expect(buffer.take().map((d) => d.deliveryCount)).toEqual([0]);
    expect(buffer.take().map((d) => d.deliveryCount)).toEqual([2]);
    expect(buffer.take().map((d) => d.deliveryCount)).toEqual([3]);
    expect(buffer.take().map((d) => d.deliveryCount)).toEqual([0]);
  });

  it('is everything, once and in order, whatever comes and whenever it is taken', () => {
    const step = fc.oneof(
      fc.record({
        commands: fc.integer({ min: 1, max: 12 }),
        bytes: fc.integer({ min: 1, max: 1200 }),
        deliveryCount: fc.constantFrom(0, 0, 0, 1, 2, 5),
      }),
      fc.constant('take' as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const buffer = new BatchBuffer(LIMITS);
        const pushed: Delivery[] = [];
        const taken: Delivery[] = [];
        const take = (): void => {
          const batch = buffer.take();
          const commands = batch.reduce((sum, d) => sum + d.entries.length, 0);
          const bytes = batch.reduce((sum, d) => sum + d.message.content.length, 0);
          if (batch.length > 1) {
            expect(commands).toBeLessThanOrEqual(LIMITS.maxCommands);
            expect(bytes).toBeLessThanOrEqual(LIMITS.maxBytes);
            expect(batch.every((d) => d.deliveryCount < 2)).toBe(true);
          }
          taken.push(...batch);
        };
        for (const one of steps) {
          if (one === 'take') take();
          else {
            const next = delivery({ ...one, receivedAt: pushed.length });
            pushed.push(next);
            buffer.push(next);
          }
        }
        while (buffer.size > 0) take();
        expect(taken.map((d) => d.receivedAt)).toEqual(pushed.map((d) => d.receivedAt));
        // What was counted was taken off again: an empty buffer is never due.
        buffer.push(delivery({ receivedAt: 0 }));
        expect(buffer.due(0)).toBeNull();
      }),
    );
  });
});
