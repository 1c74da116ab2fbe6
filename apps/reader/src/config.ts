import { authConfig } from '@spillway/auth';
import { cacheConfig } from '@spillway/cache';
import { fraction, integer, parsed, type ConfigOf } from '@spillway/config';
import { SHARD_MAP, ShardDirectory, SigningKeys } from '@spillway/contracts/server';
import { shardNodes } from '@spillway/database/read';
import { httpConfig } from '@spillway/http';

export const readerConfig = {
  ...httpConfig,
  ...authConfig,
  ...cacheConfig,
  databaseNodes: shardNodes(
    'DATABASE_NODES',
    'Every Postgres node with the role reader: shard=url|url;shard=url',
  ),
  databasePoolMax: integer('DATABASE_POOL_MAX', 2, 100, {
    about: 'Connections to each Postgres node',
    fallback: '10',
  }),
  maxLagMs: integer('READ_MAX_LAG_MS', 50, 100_000, {
    about: 'A replica further behind than this many milliseconds answers nothing',
    fallback: '2000',
  }),
  primaryReadShare: fraction('PRIMARY_READ_SHARE', {
    about: "Share of a primary's connections that reads may use at once",
    fallback: '0.2',
  }),
  waitMax: integer('WAIT_MAX', 0, 100_000, {
    about: 'Requests with Prefer: wait that may wait here at once; more are answered at once',
    fallback: '1000',
  }),
  eventStreamsMax: integer('EVENT_STREAMS_MAX', 0, 100_000, {
    about: 'Event streams that may be open here at once; more are refused with 503',
    fallback: '500',
  }),
  eventStreamsPerTenant: integer('EVENT_STREAMS_PER_TENANT', 0, 100_000, {
    about: 'Event streams that one tenant may have open here at once; more are refused with 429',
    fallback: '50',
  }),
  signingKeys: parsed(
    'SIGNING_KEYS',
    { about: 'Keys that sign what clients carry: id:base64[,…], the first signs', secret: true },
    (value) => ({
      ticket: SigningKeys.parse(value, 'ticket'),
      consistency: SigningKeys.parse(value, 'consistency'),
      cursor: SigningKeys.parse(value, 'cursor'),
    }),
  ),
  directory: parsed(SHARD_MAP.name, SHARD_MAP, (value) => ShardDirectory.parse(value)),
};

export type ReaderConfig = ConfigOf<typeof readerConfig>;
