import { describe, expect, it } from '@jest/globals';
import { eventually, notYet } from '@spillway/testing';
import { unavailable } from './outcome.js';
import { consumerProbe } from './probes.js';
import { committed, useBatchServer } from './spec/use-batch-server.js';

describe('BatchServer whose channel is lost', () => {
  const spec = useBatchServer();
  const { newGate, declare, serve, send, handled, eventuallyHandled, left } = spec;

  it('consumes again after the broker has cancelled it', async () => {
    serve(committed);
    send('before');
    await eventuallyHandled(1);
    await spec.control.deleteQueue(spec.queue);
    await eventually('it notices', () => !spec.server.consuming);
    expect(consumerProbe(spec.server).check()).toMatchObject({ up: false });
    await declare();
    send('after');
    await eventuallyHandled(2);
    expect(handled()).toEqual([['before'], ['after']]);
    expect(spec.proxy.connections).toBe(1);
    expect(await left()).toBe(0);
  });

  it('waits for a spec.queue that is not there yet', async () => {
    await spec.control.deleteQueue(spec.queue);
    serve(committed);
    await declare();
    send('first');
    await eventuallyHandled(1);
    expect(await left()).toBe(0);
  });

  it('never acks on another channel than the one that delivered', async () => {
    const rounds = [newGate(), newGate()];
    send('0');
    serve(async (batch) => {
      await rounds[spec.seen.length - 1]?.promise;
      return committed(batch);
    });
    for (const [round, gate] of rounds.entries()) {
      await eventuallyHandled(round + 1);
      spec.proxy.reset();
      await eventually('the spec.connection is noticed to be gone', () => !spec.server.consuming);
      await eventually('the broker delivers again, to the new channel', async () => {
        if (!spec.server.consuming) return false;
        return (await spec.control.checkQueue(spec.queue)).messageCount === 0;
      });
      // The first handler ends now: its ack, with the same delivery tag, would end the second delivery.
      gate.resolve(undefined);
    }
    await eventuallyHandled(3);
    expect(handled()).toEqual([['0'], ['0'], ['0']]);
    expect(await left()).toBe(0);
  });

  it('holds nothing any more once the channel of a batch is gone, though its handler says so late', async () => {
    const [late, next] = [newGate(), newGate()];
    send('0');
    serve(async (batch) => {
      if (spec.seen.length > 1) {
        await next.promise;
        return committed(batch);
      }
      await late.promise;
      return batch.entries.map(() => unavailable('transient'));
    });
    await eventuallyHandled(1);
    spec.proxy.reset();
    await eventually('the spec.connection is noticed to be gone', () => !spec.server.consuming);
    late.resolve(undefined);
    await eventuallyHandled(2);
    expect(spec.server.held).toBeUndefined();
    next.resolve(undefined);
    await eventually('nothing is in hand', () => spec.server.oldestAcceptedAt === undefined);
    expect(await left()).toBe(0);
  });

  it('handles every message at least once while connections break again and again', async () => {
    const texts = Array.from({ length: 300 }, (_, n) => String(n));
    send(...texts);
    serve(committed, { maxCommands: 7 }, 21);
    for (const count of [20, 100, 200]) {
      await eventuallyHandled(count);
      spec.proxy.reset();
    }
    await eventually(
      'all are handled',
      () => new Set(handled().flat()).size === texts.length || notYet(new Set(handled().flat()).size),
      { deadlineMs: 20_000 },
    );
    await eventually(
      'the spec.queue is empty',
      async () => (await spec.control.checkQueue(spec.queue)).messageCount === 0,
    );
    expect(await left()).toBe(0);
  });
});
