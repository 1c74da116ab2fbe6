import { startWorker, type Worker } from '../servers/worker.js';
import type { LoadOrder, LoadResult } from './order.js';

/** The process that sends, apart from the one that measures. */
export class LoadClient {
  private constructor(private readonly worker: Worker) {}

  static start(): LoadClient {
    return new LoadClient(startWorker('client/main.js'));
  }

  get pid(): number {
    return this.worker.pid;
  }

  /** @throws Error when the process cannot carry it out. */
  run(order: LoadOrder): Promise<LoadResult> {
    return this.worker.ask<LoadResult>(order);
  }

  stop(): void {
    this.worker.stop();
  }
}
