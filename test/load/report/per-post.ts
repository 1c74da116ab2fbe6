import type { Block } from '../bench.js';
import type { Role } from '../measure/cpu-meter.js';
import { spread, type Spread } from '../measure/statistics.js';

/** Roles whose work belongs to accepting; that of the others belongs to committing. */
const ACCEPTING: readonly Role[] = ['server', 'client', 'edge', 'gateway', 'rabbitmq'];

/** Between accept and commit, without edge and client; replicas, readers and watchers apart. */
export const ACCEPT_TO_COMMIT: readonly Role[] = [
  'server',
  ...(['gateway', 'rabbitmq', 'writer', 'pgbouncer', 'postgres-primary', 'redis'] as const),
];

/** CPU microseconds of a role per post of a block; NaN when there was none. */
export function microsPerPost(block: Block, role: Role): number {
  const posts = ACCEPTING.includes(role) && block.accepted > 0 ? block.accepted : block.committed;
  return posts === 0 ? Number.NaN : (block.cpu.micros[role] ?? 0) / posts;
}

/** The same for several roles together. */
export const sumPerPost = (block: Block, roles: readonly Role[]): number =>
  roles.reduce((sum, role) => sum + microsPerPost(block, role), 0);

/** Over the blocks of a scenario. */
export const over = (blocks: readonly Block[], value: (block: Block) => number): Spread =>
  spread(blocks.map(value).filter((n) => !Number.isNaN(n)));
