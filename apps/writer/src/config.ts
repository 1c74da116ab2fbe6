import { cacheConfig } from '@spillway/cache';
import { integer, list, parsed, type ConfigOf } from '@spillway/config';
import { SHARD_MAP, ShardDirectory } from '@spillway/contracts/server';
import { shardNodes } from '@spillway/database';
import { processConfig } from '@spillway/http';
import { brokerConfig } from '@spillway/messaging';
import { searchLanguages } from './feed/search-languages.js';

export const writerConfig = {
  ...processConfig,
  ...brokerConfig,
  ...cacheConfig,
  databaseNodes: shardNodes(
    'DATABASE_NODES',
    'Every Postgres node with the role writer: shard=url|url;shard=url',
  ),
  databasePoolMax: integer('DATABASE_POOL_MAX', 2, 100, {
    about: 'Connections to each Postgres node',
    fallback: '4',
  }),
  directory: parsed(SHARD_MAP.name, SHARD_MAP, (value) => ShardDirectory.parse(value)),
  shards: list('WRITER_SHARDS', {
    about: 'Shards whose queues this writer consumes, comma-separated',
    fallback: 's0',
  }),
  batchMaxCommands: integer('BATCH_MAX_COMMANDS', 1, 5_000, {
    about: 'Commands in a batch at most',
    fallback: '500',
  }),
  batchMaxBytes: integer('BATCH_MAX_BYTES', 1_024, 16_777_216, {
    about: 'Bytes in a batch at most',
    fallback: '1048576',
  }),
  batchMaxAgeMs: integer('BATCH_MAX_AGE_MS', 1, 10_000, {
    about: 'Milliseconds after its first message at which a batch closes',
    fallback: '30',
  }),
  searchLanguages: searchLanguages(),
  feedKeepDays: integer('FEED_KEEP_DAYS', 1, 365, {
    about: 'Days for which the change feed is kept at least',
    fallback: '7',
  }),
  prefetchBatches: integer('PREFETCH_BATCHES', 1, 10, {
    about: 'Batches that the broker hands out ahead',
    fallback: '3',
  }),
};

export type WriterConfig = ConfigOf<typeof writerConfig>;
