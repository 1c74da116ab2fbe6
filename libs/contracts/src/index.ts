export { BATCH_MAX_BYTES, BATCH_MAX_POSTS, type BatchAnswer, type BatchResult } from './batch.js';
export {
  COMMAND_KINDS,
  type Actor,
  type Command,
  type CommandKind,
  type CommandKinds,
  type CreatePost,
  type DeletePost,
  type DiscardDeadLetter,
  type EditPost,
  type ReplayDeadLetter,
  type RevokeToken,
} from './command.js';
export {
  DEAD_LETTER_STATES,
  type DeadLetter,
  type DeadLetterAction,
  type DeadLetterDetail,
  type DeadLetterPage,
  type DeadLetterState,
} from './dead-letter.js';
export { ERROR_CODES, isErrorCode, type ErrorCode } from './error-codes.js';
export {
  isUuid,
  isUuidV7,
  UUID,
  UUID_V7,
  uuidFromBytes,
  uuidToBytes,
  uuidV7,
  uuidV7Floor,
  uuidV7Time,
} from './ids.js';
export type { Accepted, Job, JobStatus } from './job.js';
export { lsnFromPostgres, reaches, type Position } from './position.js';
export {
  POST_FIELDS,
  type Page,
  type PartialPostPage,
  type Post,
  type PostField,
  type PostInput,
  type PostPage,
} from './post.js';
export {
  TOP_WINDOWS,
  type Change,
  type ChangePage,
  type HourStats,
  type SearchHit,
  type SearchPage,
  type SnippetPart,
  type Stats,
  type TagCount,
  type TagPage,
  type TopPost,
  type TopPosts,
  type TopWindow,
} from './reads.js';
export { problem, PROBLEM_MEDIA_TYPE, problemType, type Problem, type ProblemPointer } from './problem.js';
export {
  REVOCATION_MAX_SECONDS,
  REVOCATIONS_PER_SHARD,
  REVOCATIONS_PER_TENANT,
  type Revocation,
  type RevocationPage,
} from './revocation.js';
export {
  CHANNEL_ID,
  codePoints,
  CONTENT_MAX_CODE_POINTS,
  foldTags,
  isStorable,
  PRINCIPAL_ID,
  REASON_MAX_CODE_POINTS,
  TAG_MAX_CODE_POINTS,
  TAGS_MAX,
} from './text.js';
export type {
  JobTimeline,
  TimelineBatch,
  TimelineChange,
  TimelineVisibility,
  TimelineWait,
  WaitFor,
} from './timeline.js';
