import { measure, orderOf, type Scenario } from '../bench.js';
import { startWorker, type Worker } from '../servers/worker.js';

/** The unit F. */
export function bare(): Scenario {
  let server: Worker | undefined;
  let url = '';
  return {
    name: 'bare',
    title: 'Fastify alone: reads a JSON body, answers 202, does nothing',
    async prepare(bench) {
      server = startWorker('servers/bare.js');
      url = await server.ask<string>({});
      await bench.client.run(orderOf(bench, url, { durationMs: 2_000 }));
    },
    block: (bench) =>
      measure(bench, { send: () => bench.client.run(orderOf(bench, url)), server: server?.pid ?? 0 }),
    cleanUp: () => server?.stop(),
  };
}
