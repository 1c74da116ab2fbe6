/** Preload for a writer that makes it the deliberately broken build. */
import { rewriteOnLoad } from './rewrite.js';
import { ACK_BEFORE_COMMIT } from './rewrites.js';

rewriteOnLoad(ACK_BEFORE_COMMIT);
