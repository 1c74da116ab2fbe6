import { parsed, url, type ConfigSpec } from '@spillway/config';

const one = url('', ['redis', 'rediss'], { about: '' });

/** Every process that uses Redis. */
export const cacheConfig = {
  redisUrl: parsed(
    'REDIS_URL',
    {
      about: 'Address of Redis; several, comma-separated, are nodes of one Redis Cluster',
      secret: true,
    },
    (value) =>
      value
        .split(',')
        .map((part) => one.parse(part.trim()))
        .join(','),
  ),
} satisfies ConfigSpec;
