/** Preload for a writer of the next version: it also carries out envelopes of version 2. */
import { rewriteOnLoad } from './rewrite.js';
import { NEWER_WRITER } from './rewrites.js';

rewriteOnLoad(NEWER_WRITER);
