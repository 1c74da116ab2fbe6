import type {
  JobTimeline,
  TimelineBatch,
  TimelineChange,
  TimelineVisibility,
  TimelineWait,
} from '../timeline.js';
import { objectSchema, refTo } from './object-schema.js';
import { orNull, text, time, uuid } from './parts.js';

const list = (name: string) => ({ type: 'array', items: refTo(name) });
const refOrNull = (name: string) => ({ anyOf: [refTo(name), { type: 'null' }] });

/** What is answered about the life of a job. */
export const TIMELINE_SCHEMAS = {
  TimelineWait: objectSchema<TimelineWait>('A time in which the command waited.', {
    for: { type: 'string', enum: ['backlog', 'no_writer', 'database', 'parked'] },
    from: time,
    until: orNull(time),
  }),
  TimelineBatch: objectSchema<TimelineBatch>('The transaction that carried the command out.', {
    id: text,
    writer: text,
    lane: { type: 'string', enum: ['write', 'bulk'] },
    attempt: { type: 'integer', minimum: 1 },
    held: { ...orNull(text), description: 'Why the attempt before failed.' },
    startedAt: time,
    appliedAt: time,
    committedAt: orNull(time),
    position: {
      type: ['object', 'null'],
      properties: { shard: text, timeline: { type: 'integer' }, lsn: text },
      required: ['shard', 'timeline', 'lsn'],
      additionalProperties: false,
    },
  }),
  TimelineVisibility: objectSchema<TimelineVisibility>('When a replica had the commit at the latest.', {
    replica: text,
    by: time,
  }),
  TimelineChange: objectSchema<TimelineChange>('The last change of a field of the post.', {
    field: { type: 'string', enum: ['content', 'tags', 'deleted'] },
    commandId: uuid,
    at: orNull(time),
  }),
  JobTimeline: objectSchema<JobTimeline>('The life of a job, from what is stored. Null is not known.', {
    jobId: text,
    kind: { type: 'string', enum: ['create', 'edit', 'delete', 'replay', 'discard', 'revoke'] },
    commandId: uuid,
    postId: uuid,
    traceId: orNull(text),
    idTime: time,
    acceptedAt: time,
    gateway: orNull(text),
    outcome: {
      type: 'string',
      enum: ['processing', 'parked', 'completed', 'superseded', 'duplicate', 'failed'],
    },
    error: {
      type: ['object', 'null'],
      properties: { code: text, detail: text },
      required: ['code', 'detail'],
      additionalProperties: false,
    },
    endedAt: orNull(time),
    queueWaitMs: { type: ['integer', 'null'], minimum: 0 },
    waits: list('TimelineWait'),
    batch: refOrNull('TimelineBatch'),
    visible: list('TimelineVisibility'),
    deadLetters: list('DeadLetterDetail'),
    changes: list('TimelineChange'),
  }),
};
