/** Preload for a gateway that believes every confirm: what the broker could not route is lost. */
import { rewriteOnLoad } from './rewrite.js';
import { WITHOUT_MANDATORY } from './rewrites.js';

rewriteOnLoad(WITHOUT_MANDATORY);
