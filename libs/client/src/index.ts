export { ConsistencyTokens, newestToken } from './consistency-tokens.js';
export type { FollowOptions } from './follow-job.js';
export {
  SpillwayClient,
  type AcceptedPost,
  type CallOptions,
  type CreateOptions,
  type ListParams,
  type ReadOptions,
  type SpillwayClientOptions,
} from './spillway-client.js';
export { SpillwayError, type ClientErrorCode, type SpillwayErrorFacts } from './spillway-error.js';
