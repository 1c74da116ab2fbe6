import type {
  Actor,
  CommandKind,
  CreatePost,
  DeletePost,
  DiscardDeadLetter,
  EditPost,
  ReplayDeadLetter,
  RevokeToken,
} from '../command.js';
import { ENVELOPE_MAX_COMMANDS, ENVELOPE_VERSION, type Envelope } from '../envelope.js';
import { UUID } from '../ids.js';
import {
  CHANNEL_ID,
  CONTENT_MAX_CODE_POINTS,
  PRINCIPAL_ID,
  REASON_MAX_CODE_POINTS,
  TAG_MAX_CODE_POINTS,
  TAGS_MAX,
} from '../text.js';
import { openSchema, optional, refTo, type SchemaData } from './object-schema.js';

/** No U+0000 and no half of a surrogate pair; patterns of JSON Schema see code points. */
const STORABLE = '^[^\\u0000\\ud800-\\udfff]*$';
const text: SchemaData = { type: 'string' };
const uuid: SchemaData = { type: 'string', pattern: UUID.source };
const principal: SchemaData = { type: 'string', pattern: PRINCIPAL_ID.source };
const whole: SchemaData = {
  type: 'integer',
  minimum: Number.MIN_SAFE_INTEGER,
  maximum: Number.MAX_SAFE_INTEGER,
};
const hash: SchemaData = { type: 'string', pattern: '^[0-9a-f]{64}$', description: 'SHA-256 in hex.' };
const storable = (maxLength: number): SchemaData => ({
  type: 'string',
  minLength: 1,
  maxLength,
  pattern: STORABLE,
});
const content = storable(CONTENT_MAX_CODE_POINTS);
const tags: SchemaData = { type: 'array', maxItems: TAGS_MAX, items: storable(TAG_MAX_CODE_POINTS) };
const ifMatch: SchemaData = {
  ...uuid,
  description: "Carried out only while this is the post's newest field version.",
};

const base = {
  commandId: { ...uuid, description: 'The same id is the same command, however often it comes.' },
  attempt: optional({ ...whole, description: 'How often an early command went round the retry queue.' }),
  postId: { ...uuid, description: 'UUIDv7: the time of the post, its place in lists and its primary key.' },
  tenantId: principal,
  actor: openSchema<Actor>('Who asked.', { sub: principal, moderator: { type: 'boolean' } }),
  acceptedAt: { ...whole, description: 'Unix milliseconds.' },
  traceparent: optional({ ...text, description: 'W3C trace context of the accepting request.' }),
  idempotency: optional(
    openSchema<NonNullable<CreatePost['idempotency']>>('Of an Idempotency-Key.', {
      keyHash: hash,
      bodyHash: hash,
    }),
  ),
};

/** Such a command has none; one that is there must be a version all the same. */
const unversioned = { allOf: [{ properties: { ifMatch } }] };
const letter = {
  ...base,
  letterId: uuid,
  why: storable(REASON_MAX_CODE_POINTS),
  via: { type: 'string', enum: ['api', 'cli'] },
};

/** Every kind of command. `decodeEnvelope` takes what these describe; a test holds the two equal. */
export const COMMAND_SCHEMAS: Readonly<Record<CommandKind, SchemaData>> = {
  'post.create': {
    ...openSchema<CreatePost>('Create a post.', {
      ...base,
      kind: { const: 'post.create' },
      post: openSchema<CreatePost['post']>('', {
        authorId: principal,
        content,
        channelId: optional({ type: 'string', pattern: CHANNEL_ID.source }),
        replyTo: optional(uuid),
        tags,
      }),
    }),
    ...unversioned,
  },
  'post.edit': openSchema<EditPost>('Edit a post; the last edit of each field wins.', {
    ...base,
    kind: { const: 'post.edit' },
    edit: {
      ...openSchema<EditPost['edit']>('', { content: optional(content), tags: optional(tags) }),
      anyOf: [{ required: ['content'] }, { required: ['tags'] }],
    },
    ifMatch: optional(ifMatch),
  }),
  'post.delete': openSchema<DeletePost>('Delete a post, for good.', {
    ...base,
    kind: { const: 'post.delete' },
    ifMatch: optional(ifMatch),
  }),
  'dead_letter.replay': {
    ...openSchema<ReplayDeadLetter>('Put a parked command on its queue once more.', {
      ...letter,
      kind: { const: 'dead_letter.replay' },
    }),
    ...unversioned,
  },
  'dead_letter.discard': {
    ...openSchema<DiscardDeadLetter>('Give a parked command up.', {
      ...letter,
      kind: { const: 'dead_letter.discard' },
    }),
    ...unversioned,
  },
  'token.revoke': {
    ...openSchema<RevokeToken>('Refuse a token until it expires.', {
      ...base,
      kind: { const: 'token.revoke' },
      jti: { ...principal, description: 'The id of the token.' },
      exp: { ...whole, minimum: 0, description: 'Unix seconds at which the token is over anyway.' },
      why: storable(REASON_MAX_CODE_POINTS),
      via: { type: 'string', enum: ['api', 'cli'] },
    }),
    ...unversioned,
  },
};

/** The body of a message, whose commands stand in the components under their kinds. */
export const ENVELOPE_SCHEMA: SchemaData = openSchema<Envelope>('Commands of one shard, at most 128 KiB.', {
  v: { const: ENVELOPE_VERSION },
  commands: {
    type: 'array',
    minItems: 1,
    maxItems: ENVELOPE_MAX_COMMANDS,
    items: { oneOf: Object.keys(COMMAND_SCHEMAS).map(refTo) },
  },
});
