import { measure, orderOf, type Bench, type Block, type Scenario } from '../bench.js';
import { startWorker, type Worker } from '../servers/worker.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A service without a broker: each request waits until a batch with its post is committed. */
export class SyncService {
  private constructor(
    private readonly worker: Worker,
    readonly url: string,
  ) {}

  static async start({ stack }: Bench): Promise<SyncService> {
    const worker = startWorker('servers/sync.js');
    const database = new URL(stack.urlOf('postgres-primary'));
    database.pathname = '/spillway';
    const jwks = readFileSync(join(stack.dir, 'keys', 'jwks.json'), 'utf8');
    return new SyncService(worker, await worker.ask<string>({ database: database.href, jwks }));
  }

  /** @param rate null: as fast as it answers. */
  async measure(bench: Bench, rate: number | null): Promise<Block> {
    const order = orderOf(bench, this.url, { rate });
    const block = await measure(bench, { send: () => bench.client.run(order), server: this.worker.pid });
    // A 202 of this service is a committed post.
    return { ...block, committed: block.accepted, committedPerSecond: block.acceptedPerSecond };
  }

  stop(): void {
    this.worker.stop();
  }
}

/** The alternative: no broker, batched inserts that the requests wait for. */
export function sync(): Scenario {
  let service: SyncService | undefined;
  return {
    name: 'sync',
    title: 'no broker: requests wait for a batched insert of 2 ms',
    async prepare(bench) {
      service = await SyncService.start(bench);
      await bench.client.run(orderOf(bench, service.url, { durationMs: 2_000 }));
    },
    block(bench) {
      if (!service) throw new Error('the service was not started');
      return service.measure(bench, null);
    },
    cleanUp: () => service?.stop(),
  };
}
