import { gatewayUrl, measure, orderOf, type Bench, type Scenario } from '../bench.js';
import type { LoadResult } from '../client/order.js';
import type { ProbeOrder } from '../servers/probe-order.js';
import { startWorker, type Worker } from '../servers/worker.js';
import type { Sustained } from '../sustained.js';

/** Part of the peak at which latencies are compared. */
const PART = 0.55;
/** What an envelope adds to the body of a request. */
const ENVELOPE_BYTES = 330;

const rateOf = async (sustained: Sustained, bench: Bench): Promise<number> =>
  (await sustained.rateNow(bench)) * PART;

/** Messages a second of the probe beside the load: about as many as the gateway itself sends there. */
const BESIDE = 100;
const WARM_UP_MS = 500;

/** The one process that asks the broker alone, for both scenarios. */
class ConfirmProbe {
  private worker: Worker | undefined;

  get pid(): number {
    return this.started.pid;
  }

  /** Before anything is measured: a process that starts takes half a second of a processor. */
  async warmUp(bench: Bench): Promise<void> {
    await this.ask({ ...bench, blockMs: WARM_UP_MS }, BESIDE);
  }

  ask(bench: Bench, rate: number): Promise<LoadResult> {
    const order: ProbeOrder = {
      url: bench.stack.urlOf('rabbitmq'),
      bytes: Buffer.byteLength(bench.bodies[0] ?? '') + ENVELOPE_BYTES,
      rate,
      durationMs: bench.blockMs,
    };
    return this.started.ask<LoadResult>(order);
  }

  stop(): void {
    this.worker?.stop();
    this.worker = undefined;
  }

  private get started(): Worker {
    return (this.worker ??= startWorker('servers/confirm-probe.js'));
  }
}

/**
 * How long a 202 takes while the system is not pressed, and how long the broker's own confirm takes beside it, at
 * the same time: whatever the disk they all share does meets both.
 */
export function latency(sustained: Sustained): Scenario {
  const probe = new ConfirmProbe();
  return {
    name: 'latency',
    title: 'accept at 55 % of the sustained rate, or of what the gateway took lately where that is less',
    prepare: (bench) => probe.warmUp(bench),
    async block(bench) {
      const rate = await rateOf(sustained, bench);
      const order = orderOf(bench, gatewayUrl(bench), { rate });
      const beside = probe.ask(bench, BESIDE);
      const block = await measure(bench, { send: () => bench.client.run(order), untilDrained: true });
      return { ...block, confirms: (await beside).accepted };
    },
    cleanUp: () => probe.stop(),
  };
}

/** How long the broker's own confirm takes at the same rate, with nothing beside it. */
export function confirm(sustained: Sustained): Scenario {
  const probe = new ConfirmProbe();
  return {
    name: 'confirm',
    title: 'the broker alone: confirms of messages of the same size at the same rate',
    prepare: (bench) => probe.warmUp(bench),
    async block(bench) {
      const rate = await rateOf(sustained, bench);
      return measure(bench, { send: () => probe.ask(bench, rate), server: probe.pid });
    },
    cleanUp: () => probe.stop(),
  };
}
