import { ENVELOPE_TYPE } from '@spillway/contracts/server';
import { bulkQueue, DEAD_QUEUE, writeQueue, type LaneBinding } from '@spillway/messaging';
import type { WriterConfig } from './config.js';
import { DEAD_LETTERS_PATTERN } from './dead-letters/dead-letters.controller.js';

/** Share of a full batch that the bulk lane takes at a time, so that an import leaves room. */
const BULK_SHARE = 0.2;
const DEAD_LETTERS_AT_ONCE = 50;

/** The queues a writer consumes: two lanes a shard, and the landing of the dead letters. */
export function lanesOf(config: WriterConfig): LaneBinding[] {
  const limits = {
    maxCommands: config.batchMaxCommands,
    maxBytes: config.batchMaxBytes,
    maxAgeMs: config.batchMaxAgeMs,
  };
  const bulk = { ...limits, maxCommands: Math.max(1, Math.floor(config.batchMaxCommands * BULK_SHARE)) };
  return [
    ...config.shards.flatMap((shard): LaneBinding[] => [
      {
        queue: writeQueue(shard),
        pattern: ENVELOPE_TYPE,
        limits,
        prefetch: limits.maxCommands * config.prefetchBatches,
        splitsSuspects: true,
      },
      {
        queue: bulkQueue(shard),
        pattern: ENVELOPE_TYPE,
        limits: bulk,
        prefetch: bulk.maxCommands,
        splitsSuspects: true,
      },
    ]),
    {
      queue: DEAD_QUEUE,
      pattern: DEAD_LETTERS_PATTERN,
      limits: { ...limits, maxCommands: DEAD_LETTERS_AT_ONCE },
      prefetch: DEAD_LETTERS_AT_ONCE,
      splitsSuspects: false,
    },
  ];
}
