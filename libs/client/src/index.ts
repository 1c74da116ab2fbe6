export { ConsistencyTokens, newestToken } from './consistency-tokens.js';
export type { CreatePostsOptions } from './create-posts.js';
export type { FollowBy, FollowOptions } from './follow-job.js';
export type { FollowChangesOptions } from './follow-changes.js';
export type { BatchPost } from './group-posts.js';
export type { CallOptions, ReadOptions } from './options.js';
export { ReadClient, type ListParams, type PageParams, type PartialListParams } from './read-client.js';
export type { CreatedPost } from './send-batch.js';
export {
  SpillwayClient,
  type AcceptedPost,
  type ChangeOptions,
  type CreateOptions,
  type PostEdit,
  type SpillwayClientOptions,
} from './spillway-client.js';
export { SpillwayError, type ClientErrorCode, type SpillwayErrorFacts } from './spillway-error.js';
