export { collect } from './collect.js';
export { eventually, eventuallyReaches, NotYet, notYet, type Patience } from './eventually.js';
export { freePort } from './free-port.js';
export { watchLeaks, type LeakCheck } from './leaks.js';
export { createVirtualHost, manageBroker, type VirtualHost } from './manage-broker.js';
export { startPostgresCluster, type PostgresCluster, type PostgresNode } from './postgres-cluster.js';
export { quietLogger, type QuietLogger } from './quiet-logger.js';
export { readReceivedSpans, readReceivedTraces } from './received-spans.js';
export {
  startScriptedServer,
  type Script,
  type ScriptedRequest,
  type ScriptedServer,
} from './scripted-server.js';
export { type ReceivedSpan } from './span.js';
export {
  connectPostgres,
  createSpecDatabase,
  type DatabaseRole,
  type SpecDatabase,
} from './spec-database.js';
export { startRedisCluster, type RedisCluster } from './redis-cluster.js';
export { startRedisServer, type RedisServer } from './redis-server.js';
export { readStack, type Stack, type StackProcess, type StackRole } from './stack.js';
export { startTcpProxy, type TcpProxy, type TcpTarget } from './tcp-proxy.js';
export { mintToken, type TokenClaims } from './token.js';
export { startTraceReceiver, type TraceReceiver } from './trace-receiver.js';
