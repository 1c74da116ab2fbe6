/** Preload for a writer that dies of a post whose content holds SPILLWAY_KILLER. */
import { rewriteOnLoad } from './rewrite.js';
import { KILLER_COMMAND } from './rewrites.js';

const deadly = process.env['SPILLWAY_KILLER'] ?? '';

Object.assign(globalThis, {
  spillwayKiller: (commands: readonly { readonly post: { readonly content: string } }[]) => {
    if (deadly !== '' && commands.some(({ post }) => post.content.includes(deadly)))
      process.kill(process.pid, 'SIGKILL');
  },
});
rewriteOnLoad(KILLER_COMMAND);
