/**
 * Preload for a gateway that answers 503 while it has no broker, and nevertheless sends what it refused once
 * it is connected again.
 */
import { rewriteOnLoad } from './rewrite.js';
import { BUFFER_WHILE_DISCONNECTED } from './rewrites.js';

type Send = () => Promise<unknown>;

const kept: Send[] = [];

Object.assign(globalThis, {
  spillwayKeep: (send: Send) => kept.push(send),
  spillwaySendKept: () => {
    for (const send of kept.splice(0)) send().catch(() => undefined);
  },
});
rewriteOnLoad(BUFFER_WHILE_DISCONNECTED);
