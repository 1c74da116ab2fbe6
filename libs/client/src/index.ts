export { ConsistencyTokens, newestToken } from './consistency-tokens.js';
export type { CreatePostsOptions } from './create-posts.js';
export type { FollowBy, FollowOptions } from './follow-job.js';
export type { BatchPost } from './group-posts.js';
export type { CreatedPost } from './send-batch.js';
export {
  SpillwayClient,
  type AcceptedPost,
  type CallOptions,
  type ChangeOptions,
  type CreateOptions,
  type ListParams,
  type PostEdit,
  type ReadOptions,
  type SpillwayClientOptions,
} from './spillway-client.js';
export { SpillwayError, type ClientErrorCode, type SpillwayErrorFacts } from './spillway-error.js';
