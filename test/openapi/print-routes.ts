/**
 * Preloaded into one of our processes: when its routes are registered, it prints them and ends before it
 * listens. Fastify says on a diagnostics channel when an instance is made.
 */
import { subscribe } from 'node:diagnostics_channel';
import { writeSync } from 'node:fs';

interface Hooks {
  addHook(name: 'onRoute', hook: (route: { method: string | string[]; url: string }) => void): void;
  addHook(name: 'onReady', hook: () => void): void;
}

subscribe('fastify.initialization', (message) => {
  const { fastify } = message as { readonly fastify: Hooks };
  const routes: string[] = [];
  fastify.addHook('onRoute', ({ method, url }) => {
    for (const verb of [method].flat()) routes.push(`${verb} ${url}`);
  });
  fastify.addHook('onReady', () => {
    writeSync(1, `\nROUTES ${JSON.stringify(routes)}\n`);
    process.exit(0);
  });
});
