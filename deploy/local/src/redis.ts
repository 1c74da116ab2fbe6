import { mkdirSync, writeFileSync } from 'node:fs';
import { launched } from './as-user.js';
import { type Component, TIER } from './component.js';
import type { Plan } from './plan.js';
import { fillTemplate } from './template.js';

export const redisUrl = (plan: Plan): string =>
  `redis://:${plan.secrets.passwords.redis}@127.0.0.1:${plan.ports.redis}`;

export const redisComponents = (plan: Plan): Component[] => [
  {
    name: 'redis',
    role: 'redis',
    tier: TIER.broker,
    argv: launched(['redis-server', plan.layout.path('config', 'redis.conf')]),
    port: plan.ports.redis,
    url: redisUrl(plan),
    stopWaitSeconds: 10,
  },
];

export function writeRedisConfig(plan: Plan): void {
  mkdirSync(plan.layout.path('data', 'redis'), { recursive: true, mode: 0o700 });
  const text = fillTemplate('redis/redis.conf', {
    LISTEN_ADDRESS: '127.0.0.1',
    LISTEN_PORT: plan.ports.redis,
    PASSWORD: plan.secrets.passwords.redis,
    DATA_DIR: plan.layout.path('data', 'redis'),
  });
  writeFileSync(plan.layout.path('config', 'redis.conf'), text, { mode: 0o600 });
}
