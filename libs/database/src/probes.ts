import type { Probe } from '@spillway/health';
import type { Router } from './router.js';

/** Up while every shard can be written. */
export const primaryProbe = (router: Router): Probe => ({
  name: 'postgres',
  required: true,
  check: () => (router.hasPrimaries ? { up: true } : { up: false, detail: 'a shard has no primary' }),
});

/** Up while every shard can be read. */
export const readProbe = (router: Pick<Router, 'canRead'>): Probe => ({
  name: 'postgres',
  required: true,
  check: () => (router.canRead ? { up: true } : { up: false, detail: 'a shard has no node that answers' }),
});
