/**
 * Preload for a gateway that answers 503 while it has no broker, and nevertheless publishes what it refused
 * once it is connected again.
 */
import { rewriteOnLoad } from './rewrite.js';
import { BUFFER_WHILE_DISCONNECTED } from './rewrites.js';

interface Publishes {
  publish(message: unknown): Promise<void>;
}

const kept: unknown[] = [];

Object.assign(globalThis, {
  spillwayKeep: (message: unknown) => kept.push(message),
  spillwayFlush: (publisher: Publishes) => {
    for (const message of kept.splice(0)) publisher.publish(message).catch(() => undefined);
  },
});
rewriteOnLoad(BUFFER_WHILE_DISCONNECTED);
