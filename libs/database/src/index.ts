export { classifySqlError, DatabaseUnavailable, sqlState, type SqlFailure } from './database-error.js';
export { migrate } from './migrate.js';
export { NODE_POSITION, positionIn, type NodePositionRow } from './position.js';
export { primaryProbe } from './probes.js';
export { Router, type Answer, type RouterOptions } from './router.js';
export type { Scope } from './scope.js';
export { shardNodes, type ShardNodes } from './shard-nodes.js';
export type { StoredOutcome } from './entities/command-outcome.entity.js';
