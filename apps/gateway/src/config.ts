import { authConfig } from '@spillway/auth';
import { cacheConfig } from '@spillway/cache';
import { integer, parsed, type ConfigOf } from '@spillway/config';
import { SHARD_MAP, ShardDirectory, SigningKeys } from '@spillway/contracts/server';
import { httpConfig } from '@spillway/http';
import { brokerConfig, managementConfig } from '@spillway/messaging';
import { quotaConfig } from './quota/config.js';

export const gatewayConfig = {
  ...httpConfig,
  ...authConfig,
  ...brokerConfig,
  ...cacheConfig,
  ...quotaConfig,
  ...managementConfig,
  signingKeys: parsed(
    'SIGNING_KEYS',
    { about: 'Keys that sign what clients carry: id:base64[,…], the first signs', secret: true },
    (value) => ({
      ticket: SigningKeys.parse(value, 'ticket'),
      consistency: SigningKeys.parse(value, 'consistency'),
    }),
  ),
  directory: parsed(SHARD_MAP.name, SHARD_MAP, (value) => ShardDirectory.parse(value)),
  publishTimeoutMs: integer('PUBLISH_TIMEOUT_MS', 100, 60_000, {
    about: "Milliseconds to wait for the broker's confirm before a post's outcome counts as unknown",
    fallback: '3000',
  }),
  publishLingerMs: integer('PUBLISH_LINGER_MS', 0, 50, {
    about:
      'Least milliseconds between two messages to a queue: posts that come between share one; 0: none do',
    fallback: '10',
  }),
  publishMaxUnconfirmed: integer('PUBLISH_MAX_UNCONFIRMED', 1, 100_000, {
    about:
      'Posts that may wait for their confirm at once, fewer while the broker is slow; more are refused with 503',
    fallback: '4000',
  }),
  waitMax: integer('WAIT_MAX', 0, 100_000, {
    about: 'Requests with Prefer: wait that may wait here at once; more are answered at once',
    fallback: '1000',
  }),
};

export type GatewayConfig = ConfigOf<typeof gatewayConfig>;
