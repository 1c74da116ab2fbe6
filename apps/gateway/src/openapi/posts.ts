import type { ErrorCode } from '@spillway/contracts';
import { BATCH_MAX_POSTS, UUID_V7 } from '@spillway/contracts';
import { describeController, type OperationInfo } from '@spillway/http/openapi';
import { BatchItemDto } from '../batch/batch-item.dto.js';
import { BatchPostsController } from '../batch/batch-posts.controller.js';
import { ChangePostController } from '../posts/change-post.controller.js';
import { CreatePostController } from '../posts/create-post.controller.js';
import { PutPostController } from '../posts/put-post.controller.js';

/** What publishing may end in. */
export const PUBLISHING: readonly ErrorCode[] = [
  'quota_exceeded',
  'broker_unavailable',
  'broker_rejected',
  'too_many_unconfirmed',
  'clock_skew',
  'confirm_timeout',
];
/** Where there is a limit. */
const QUOTA = ['RateLimit-Policy', 'RateLimit'] as const;
export const accepted: OperationInfo['answers'] = {
  202: {
    description: 'A quorum of the broker has it on disk. Follow the job at Location.',
    schema: 'Accepted',
    headers: ['Location', ...QUOTA],
  },
};
const created = {
  description: 'With Prefer: wait, and stored within that time: the post.',
  schema: 'Post',
  headers: ['Location', 'ETag', 'Consistency-Token', 'Preference-Applied', ...QUOTA],
} as const;
const changed: OperationInfo['answers'] = {
  200: {
    description: 'With Prefer: wait, and carried out within that time: the job.',
    schema: 'Job',
    headers: ['Consistency-Token', 'Preference-Applied', ...QUOTA],
  },
};
const id = { id: { type: 'string', format: 'uuid', description: 'The id of the post.' } };

export const postRoutes = [
  describeController(CreatePostController, {
    create: {
      summary: 'Create a post',
      tag: 'posts',
      headers: ['Idempotency-Key', 'Prefer'],
      answers: {
        201: { ...created, headers: [...created.headers, 'Idempotency-Replayed'] },
        202: {
          description: 'A quorum of the broker has the post on disk. Follow the job at Location.',
          schema: 'Accepted',
          headers: ['Location', 'Idempotency-Replayed', ...QUOTA],
        },
      },
      errors: [...PUBLISHING, 'idempotency_in_progress', 'idempotency_key_reused'],
    },
  }),
  describeController(PutPostController, {
    put: {
      summary: 'Create a post under an id of your own',
      description:
        'Repeating it is always safe. The id is a UUIDv7 whose time is at most 60 s ahead and 24 h behind; an importer may send ids of any past time and name another author.',
      tag: 'posts',
      params: { id: { type: 'string', format: 'uuid', pattern: UUID_V7.source } },
      headers: ['Prefer'],
      answers: { 201: created, ...accepted },
      errors: PUBLISHING,
    },
  }),
  describeController(ChangePostController, {
    edit: {
      summary: 'Edit a post',
      description: 'The last edit of each field wins. By the author or a moderator.',
      tag: 'posts',
      params: id,
      headers: ['If-Match', 'Prefer'],
      answers: { ...changed, ...accepted },
      errors: [...PUBLISHING, 'not_found'],
    },
    delete: {
      summary: 'Delete a post',
      description: 'Final, whatever arrives after it. By the author or a moderator.',
      tag: 'posts',
      params: id,
      headers: ['If-Match', 'Prefer'],
      answers: { ...changed, ...accepted },
      errors: [...PUBLISHING, 'invalid_request', 'not_found'],
    },
  }),
  describeController(BatchPostsController, {
    create: {
      summary: 'Create many posts',
      description:
        'At most 1 MiB. A post that is refused does not stop the others: each has a result of its own. A post with an id is what a PUT under this id is.',
      tag: 'posts',
      listBody: { item: BatchItemDto, maxItems: BATCH_MAX_POSTS },
      answers: {
        202: {
          description: 'One result per post, in order. Retry-After is there when some may be sent again.',
          schema: 'BatchAnswer',
          headers: ['Retry-After', ...QUOTA],
        },
      },
      errors: PUBLISHING,
    },
  }),
];
