export type { Batch, BatchEntry, BatchTrigger, Death } from './batch.js';
export type { BatchLimits } from './batch-buffer.js';
export { BatchServer, type BatchServerOptions, type LaneBinding } from './batch-server.js';
export { BrokerConnection, type BrokerConnectionOptions } from './broker-connection.js';
export { brokerConfig, managementConfig } from './config.js';
export { declareTopology } from './declare-topology.js';
export { unavailable, type Outcome } from './outcome.js';
export { consumerProbe, publisherProbe } from './probes.js';
export { Publisher, type OutgoingMessage, type PublisherOptions } from './publisher.js';
export { QueueDepths, type QueueDepth } from './queue-depths.js';
export { PublishError, type NotPublished, type PublishFailure } from './publish-error.js';
export { retryLater, type RetryLater } from './retry-later.js';
export { SharedMessages, type Destination, type SharingOptions } from './shared-messages.js';
export { splitUp, type SplitUp } from './split-up.js';
export { settle, type Settlement } from './settle.js';
export {
  bulkQueue,
  DEAD_QUEUE,
  EXCHANGE,
  RETRY_QUEUE,
  shardOfQueue,
  topology,
  writeQueue,
  type Topology,
} from './topology.js';
export { TopologyWatch } from './topology-watch.js';
