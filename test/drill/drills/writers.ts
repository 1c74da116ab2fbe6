import type { Drill } from '../drill.js';
import { bringBack, writerNames } from '../running.js';

/** Posts go on being accepted, and nobody writes them. */
export const writers: Drill = {
  name: 'writers',
  how: 'every writer is stopped',
  expects: [{ alert: 'NoWriterActive', labels: { queue: 'posts.write.s0' } }],
  async provoke(context) {
    for (const name of writerNames(context)) await context.components.supervisor('stop', name);
  },
  undo: (context) => bringBack(context, writerNames(context)),
};
