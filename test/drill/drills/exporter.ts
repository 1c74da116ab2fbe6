import type { Drill } from '../drill.js';
import { bringBack } from '../running.js';

const EXPORTER = 'exporter-redis';

/** What is not scraped has no metrics, and every alert over them is silent. */
export const exporter: Drill = {
  name: 'exporter',
  how: 'the exporter of Redis is stopped',
  expects: [{ alert: 'TargetDown', labels: { job: 'redis' } }],
  provoke: ({ components }) => components.supervisor('stop', EXPORTER),
  undo: (context) => bringBack(context, [EXPORTER]),
};
