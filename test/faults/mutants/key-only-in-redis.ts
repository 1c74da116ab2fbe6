/** Preload for a writer that leaves Idempotency-Keys to Redis: its own transaction does not bind them. */
import { rewriteOnLoad } from './rewrite.js';
import { KEY_ONLY_IN_REDIS } from './rewrites.js';

rewriteOnLoad(KEY_ONLY_IN_REDIS);
