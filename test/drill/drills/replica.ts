import { pauseReplay, resumeReplay } from '../../faults/replica.js';
import type { Drill } from '../drill.js';

/** The replica receives the log and shows nothing of it. */
export const replica: Drill = {
  name: 'replica',
  how: 'replay is paused',
  expects: [{ alert: 'ReplicaLag', labels: { replica: 'replica-1' } }],
  provoke: ({ stack }) => pauseReplay(stack),
  async undo({ stack }) {
    await resumeReplay(stack);
  },
};
