import { measure, type Bench, type Block, type Scenario } from '../bench.js';
import type { LoadResult } from '../client/order.js';
import { startWorker, type Worker } from '../servers/worker.js';
import type { RivalSetup } from '../servers/rivals.js';
import { get } from './shared.js';
import { findTargets } from './targets.js';

/** As far as somebody scrolls. */
export const OFFSET = 1000;

/** One server for all of them, started when it is first needed. */
export class Rivals {
  private worker: Worker | undefined;
  private url = '';

  scenario(path: 'typeorm' | 'offset' | 'unindexed', title: string): Scenario {
    const send = (bench: Bench, durationMs = bench.blockMs): Promise<LoadResult> =>
      bench.client.run(get(bench, this.url, { path: `/${path}`, durationMs }));
    return {
      name: path,
      title,
      prepare: async (bench) => {
        if (!this.worker) await this.start(bench);
        await send(bench, 1_000);
      },
      block: (bench): Promise<Block> =>
        measure(bench, { send: () => send(bench), server: this.worker?.pid ?? 0 }),
      cleanUp: () => {
        this.worker?.stop();
        this.worker = undefined;
      },
    };
  }

  private async start(bench: Bench): Promise<void> {
    this.worker = startWorker('servers/rivals.js');
    const tenants = (await findTargets(bench)).tenant;
    const setup: RivalSetup = {
      primary: bench.stack.urlOf('postgres-primary'),
      replica: bench.stack.urlOf('postgres-replica-1'),
      tenants: [tenants],
      offset: OFFSET,
    };
    this.url = await this.worker.ask<string>(setup);
  }
}
