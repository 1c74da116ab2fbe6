import type { Rewrite } from './rewrite.js';

/**
 * Marks, in the code of the writer, the two moments at which F12 kills it. `spillwayFaultPoint` is put
 * there by kill-around-commit.
 */
export const FAULT_POINTS: readonly Rewrite[] = [
  {
    file: 'libs/database/dist/scope.js',
    find: `await query('COMMIT');`,
    put: `globalThis.spillwayFaultPoint('before-commit'); await query('COMMIT');`,
  },
  {
    file: 'libs/messaging/dist/lane.js',
    find: `const outcomes = await this.context.handle(batch);`,
    put: `globalThis.spillwayFaultPoint('batch');
            const outcomes = await this.context.handle(batch);
            globalThis.spillwayFaultPoint('after-commit', outcomes);`,
  },
];

/** The deliberately broken build: a batch is acked as soon as it is taken, and not after its commit. */
export const ACK_BEFORE_COMMIT: readonly Rewrite[] = [
  {
    file: 'libs/messaging/dist/lane.js',
    find: `const batch = { queue:`,
    put: `if (attempt === 1) generation.channel.ack(deliveries.at(-1).message, true);
            const batch = { queue:`,
  },
  {
    file: 'libs/messaging/dist/lane.js',
    find: `generation.channel.ack(last.message, true);`,
    put: `void last;`,
  },
];
