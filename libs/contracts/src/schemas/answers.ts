import type { BatchAnswer } from '../batch.js';
import {
  DEAD_LETTER_STATES,
  type DeadLetter,
  type DeadLetterAction,
  type DeadLetterDetail,
  type DeadLetterPage,
} from '../dead-letter.js';
import { ERROR_CODES } from '../error-codes.js';
import type { Accepted, Job } from '../job.js';
import type { PartialPostPage, Post } from '../post.js';
import type { Revocation, RevocationPage } from '../revocation.js';
import type { Problem, ProblemPointer } from '../problem.js';
import { objectSchema, optional, refTo, type SchemaData } from './object-schema.js';
import { nextCursor, orNull, text, time, uuid } from './parts.js';
import { READ_SCHEMAS } from './reads.js';
import { TIMELINE_SCHEMAS } from './timeline.js';

const code: SchemaData = { type: 'string', enum: Object.keys(ERROR_CODES) };

const post = {
  id: uuid,
  authorId: text,
  channelId: orNull(text),
  replyTo: orNull(uuid),
  content: text,
  tags: { type: 'array', items: text },
  createdAt: time,
  updatedAt: time,
  replies: { type: ['integer', 'null'], description: 'Not deleted ones, as far as they have been counted.' },
};

const letter = {
  id: { ...uuid, description: 'Holds the time at which it was put aside.' },
  state: { type: 'string', enum: DEAD_LETTER_STATES },
  reason: text,
  attempts: { type: 'integer' },
  kind: orNull(text),
  commandId: orNull(uuid),
  postId: orNull(uuid),
  createdAt: time,
  resolvedAt: orNull(time),
};

/** What clients are answered, by name. A property that differs from its type does not compile. */
export const ANSWER_SCHEMAS = {
  Accepted: objectSchema<Accepted>('The command is on disk at a quorum of the broker; follow its job.', {
    message: text,
    jobId: text,
    status: { const: 'processing' },
  }),
  Post: objectSchema<Post>('A post. Its id holds the time of its creation.', post),
  PartialPost: objectSchema<Partial<Post>>('The fields of a post that were asked for by `fields`.', {
    id: optional(post.id),
    authorId: optional(post.authorId),
    channelId: optional(post.channelId),
    replyTo: optional(post.replyTo),
    content: optional(post.content),
    tags: optional(post.tags),
    createdAt: optional(post.createdAt),
    updatedAt: optional(post.updatedAt),
    replies: optional(post.replies),
  }),
  PostPage: objectSchema<PartialPostPage>(
    'Posts, newest first: at most as many as were asked for, possibly fewer.',
    {
      items: { type: 'array', items: { anyOf: [refTo('Post'), refTo('PartialPost')] } },
      nextCursor,
    },
  ),
  ...READ_SCHEMAS,
  Job: objectSchema<Job>('What became of a command. A status never moves backwards.', {
    jobId: text,
    status: { type: 'string', enum: ['processing', 'completed', 'failed'] },
    postId: uuid,
    createdAt: time,
    completedAt: optional(time),
    superseded: optional({ type: 'boolean', description: 'A later edit or deletion won.' }),
    reason: optional({ type: 'string', enum: ['no_writer', 'parked'], description: 'What is in the way.' }),
    error: optional({
      type: 'object',
      properties: { code, detail: text },
      required: ['code', 'detail'],
      additionalProperties: false,
    }),
    consistencyToken: optional({ type: 'string', description: 'Reads that carry it contain the commit.' }),
    traceId: optional(text),
  }),
  ...TIMELINE_SCHEMAS,
  BatchAnswer: objectSchema<BatchAnswer>('One result per post, in the order of the posts.', {
    results: {
      type: 'array',
      items: {
        oneOf: [
          {
            type: 'object',
            properties: { jobId: text, status: { const: 'processing' } },
            required: ['jobId', 'status'],
            additionalProperties: false,
          },
          {
            type: 'object',
            properties: { error: refTo('Problem') },
            required: ['error'],
            additionalProperties: false,
          },
        ],
      },
    },
  }),
  DeadLetter: objectSchema<DeadLetter>('A command that could not be carried out, without content.', letter),
  DeadLetterPage: objectSchema<DeadLetterPage>('Dead letters, newest first.', {
    items: { type: 'array', items: refTo('DeadLetter') },
    nextCursor,
  }),
  DeadLetterAction: objectSchema<DeadLetterAction>('What an operator did about a dead letter.', {
    action: { type: 'string', enum: ['replay', 'discard'] },
    who: text,
    via: { type: 'string', enum: ['api', 'cli'] },
    why: text,
    at: time,
    result: { type: 'string', enum: ['requested', 'done', 'unchanged', 'refused'] },
    detail: orNull(text),
    endedAt: orNull(time),
  }),
  DeadLetterDetail: objectSchema<DeadLetterDetail>('A dead letter with what was done about it.', {
    ...letter,
    actions: { type: 'array', items: refTo('DeadLetterAction') },
  }),
  Revocation: objectSchema<Revocation>('A token that is refused until it expires.', {
    id: { ...uuid, description: 'Holds the time at which it was asked for.' },
    jti: { ...text, description: 'The id of the token.' },
    expiresAt: { ...time, description: 'The end of the token, as far as it was given.' },
    who: text,
    via: { type: 'string', enum: ['api', 'cli'] },
    why: text,
    at: time,
  }),
  RevocationPage: objectSchema<RevocationPage>('Revoked tokens, the newest revocation first.', {
    items: { type: 'array', items: refTo('Revocation') },
    nextCursor: { type: ['string', 'null'], description: 'Leads to the next page; null on the last one.' },
  }),
  ProblemPointer: objectSchema<ProblemPointer>('', {
    pointer: {
      type: 'string',
      description:
        'A JSON pointer into the body, `?name` of a query, `{name}` of the address, `!Name` of a header.',
    },
    detail: text,
  }),
  Problem: objectSchema<Problem>(
    'An error (RFC 9457). Act on `code`; docs/errors.md has the remedy of each.',
    {
      type: text,
      title: text,
      status: { type: 'integer' },
      detail: text,
      code,
      requestId: text,
      errors: optional({ type: 'array', items: refTo('ProblemPointer') }),
    },
  ),
} as const satisfies Record<string, SchemaData>;

export type AnswerName = keyof typeof ANSWER_SCHEMAS;
