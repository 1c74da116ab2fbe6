import type { Drill } from '../drill.js';
import { bringBack } from '../running.js';

const REDIS = 'redis';

/** No post depends on Redis; who was logged out, and how fast much else is, does. */
export const redis: Drill = {
  name: REDIS,
  how: 'Redis is stopped',
  expects: [{ alert: 'RevocationsOld' }],
  provoke: ({ components }) => components.supervisor('stop', REDIS),
  undo: (context) => bringBack(context, [REDIS]),
};
