import { COMMAND_KINDS, type Command, type CommandKind } from './command.js';
import { isUuid } from './ids.js';
import {
  CHANNEL_ID,
  codePoints,
  CONTENT_MAX_CODE_POINTS,
  isStorable,
  PRINCIPAL_ID,
  REASON_MAX_CODE_POINTS,
  TAG_MAX_CODE_POINTS,
  TAGS_MAX,
} from './text.js';

export const ENVELOPE_VERSION = 1;
export const ENVELOPE_TYPE = 'posts.commands.v1';
export const ENVELOPE_MAX_COMMANDS = 64;
export const ENVELOPE_MAX_BYTES = 128 * 1024;

const UTF8 = new TextDecoder('utf-8', { fatal: true });
/** SHA-256 in hex. */
const HASH = /^[0-9a-f]{64}$/;

/** What a message body holds. */
export interface Envelope {
  readonly v: typeof ENVELOPE_VERSION;
  readonly commands: readonly Command[];
}

/**
 * One command of a received body. `valid` can be carried out; `newer` is of a kind or version this
 * code does not know and is kept for a newer writer; `invalid` never can be, and says why.
 */
export type Decoded =
  | { readonly as: 'valid'; readonly command: Command }
  | {
      readonly as: 'newer';
      readonly tenantId: string;
      readonly commandId: string;
      readonly postId: string;
      readonly raw: unknown;
    }
  | {
      readonly as: 'invalid';
      readonly tenantId?: string;
      readonly commandId?: string;
      readonly postId?: string;
      readonly reason: string;
      readonly raw: unknown;
    };

export const encodeEnvelope = (commands: readonly Command[]): Buffer =>
  Buffer.from(JSON.stringify({ v: ENVELOPE_VERSION, commands } satisfies Envelope));

/** One message's worth of commands. */
export interface EncodedEnvelope {
  readonly commands: readonly Command[];
  readonly body: Buffer;
}

/** Without any command, and less the comma that the first one does not need. */
const FRAME_BYTES = Buffer.byteLength(`{"v":${ENVELOPE_VERSION},"commands":[]}`) - 1;

/**
 * Shares commands out to messages in their order, each within `ENVELOPE_MAX_COMMANDS` and
 * `ENVELOPE_MAX_BYTES`. Every command is written once. One that is larger than a message may be, which no
 * request can be, gets a message of its own.
 */
export function encodeEnvelopes(commands: readonly Command[]): EncodedEnvelope[] {
  const envelopes: EncodedEnvelope[] = [];
  let taken: Command[] = [];
  let texts: string[] = [];
  let bytes = FRAME_BYTES;
  const close = (): void => {
    if (taken.length > 0) envelopes.push({ commands: taken, body: frameEnvelope(texts) });
    [taken, texts, bytes] = [[], [], FRAME_BYTES];
  };
  for (const command of commands) {
    const text = JSON.stringify(command);
    const more = Buffer.byteLength(text) + 1;
    if (taken.length === ENVELOPE_MAX_COMMANDS || bytes + more > ENVELOPE_MAX_BYTES) close();
    taken.push(command);
    texts.push(text);
    bytes += more;
  }
  close();
  return envelopes;
}

/** A message body of commands that are JSON already. */
export const frameEnvelope = (texts: readonly string[]): Buffer =>
  Buffer.from(`{"v":${ENVELOPE_VERSION},"commands":[${texts.join(',')}]}`);

/**
 * A message body as one body for each of its commands, whatever their version or kind: nothing of them is
 * changed. One that cannot be read stays whole.
 */
export function splitEnvelope(body: Uint8Array): Buffer[] {
  const parsed = parseBody(body);
  if (!isRecord(parsed) || !Array.isArray(parsed['commands'])) return [Buffer.from(body)];
  return parsed['commands'].map((command: unknown) =>
    Buffer.from(JSON.stringify({ ...parsed, commands: [command] })),
  );
}

/** Takes a message body apart. Never throws: what cannot be read comes back as one invalid entry. */
export function decodeEnvelope(body: Uint8Array): Decoded[] {
  const parsed = parseBody(body);
  if (parsed === undefined) return [{ as: 'invalid', reason: 'the body is not UTF-8 JSON', raw: null }];
  if (!isRecord(parsed) || !Array.isArray(parsed['commands']) || parsed['commands'].length === 0) {
    return [{ as: 'invalid', reason: 'the body is not an envelope', raw: parsed }];
  }
  const newer = parsed['v'] !== ENVELOPE_VERSION;
  return parsed['commands'].map((raw: unknown) => decodeCommand(raw, newer));
}

/** Undefined when it is not UTF-8 JSON. */
function parseBody(body: Uint8Array): unknown {
  try {
    return JSON.parse(UTF8.decode(body));
  } catch {
    return undefined;
  }
}

function decodeCommand(raw: unknown, newerEnvelope: boolean): Decoded {
  if (!isRecord(raw)) return { as: 'invalid', reason: 'a command is not an object', raw };
  const { tenantId, commandId, postId, kind } = raw;
  if (!matches(tenantId, PRINCIPAL_ID) || !isId(commandId) || !isId(postId)) {
    return { as: 'invalid', reason: 'a command lacks tenantId, commandId or postId', raw };
  }
  if (newerEnvelope || !COMMAND_KINDS.includes(kind as CommandKind)) {
    return { as: 'newer', tenantId, commandId, postId, raw };
  }
  const reason = faultOfCommand(raw, kind as CommandKind);
  return reason === null
    ? { as: 'valid', command: raw as unknown as Command }
    : { as: 'invalid', tenantId, commandId, postId, reason, raw };
}

/** Why a command cannot be carried out, or null. The gateway has checked it; this is the second wall. */
function faultOfCommand(raw: Record<string, unknown>, kind: CommandKind): string | null {
  const { actor, acceptedAt, traceparent, attempt, ifMatch, idempotency } = raw;
  if (!isRecord(actor) || !matches(actor['sub'], PRINCIPAL_ID) || typeof actor['moderator'] !== 'boolean')
    return 'actor';
  if (!Number.isSafeInteger(acceptedAt)) return 'acceptedAt';
  if (traceparent !== undefined && typeof traceparent !== 'string') return 'traceparent';
  if (attempt !== undefined && !Number.isSafeInteger(attempt)) return 'attempt';
  if (ifMatch !== undefined && !isId(ifMatch)) return 'ifMatch';
  if (idempotency !== undefined && !isIdempotency(idempotency)) return 'idempotency';
  return FAULT_OF[kind](raw);
}

const FAULT_OF: Record<CommandKind, (raw: Record<string, unknown>) => string | null> = {
  'post.create': ({ post }) => {
    if (!isRecord(post)) return 'post';
    const { authorId, content, channelId, replyTo, tags } = post;
    if (!matches(authorId, PRINCIPAL_ID)) return 'post.authorId';
    if (!isContent(content)) return 'post.content';
    if (channelId !== undefined && !matches(channelId, CHANNEL_ID)) return 'post.channelId';
    if (replyTo !== undefined && !isId(replyTo)) return 'post.replyTo';
    return isTags(tags) ? null : 'post.tags';
  },
  'post.edit': ({ edit }) => {
    if (!isRecord(edit) || (edit['content'] === undefined && edit['tags'] === undefined)) return 'edit';
    if (edit['content'] !== undefined && !isContent(edit['content'])) return 'edit.content';
    return edit['tags'] === undefined || isTags(edit['tags']) ? null : 'edit.tags';
  },
  'post.delete': () => null,
  'dead_letter.replay': (raw) => faultOfLetterCommand(raw),
  'dead_letter.discard': (raw) => faultOfLetterCommand(raw),
  'token.revoke': ({ jti, exp, why, via }) => {
    if (!matches(jti, PRINCIPAL_ID)) return 'jti';
    if (!Number.isSafeInteger(exp) || Number(exp) < 0) return 'exp';
    if (!isTextOf(why, REASON_MAX_CODE_POINTS)) return 'why';
    return isVia(via) ? null : 'via';
  },
};

function faultOfLetterCommand({ letterId, why, via }: Record<string, unknown>): string | null {
  if (!isId(letterId)) return 'letterId';
  if (!isTextOf(why, REASON_MAX_CODE_POINTS)) return 'why';
  return isVia(via) ? null : 'via';
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isVia = (via: unknown): boolean => via === 'api' || via === 'cli';
const matches = (value: unknown, pattern: RegExp): value is string =>
  typeof value === 'string' && pattern.test(value);
const isId = (value: unknown): value is string => typeof value === 'string' && isUuid(value);
const isTextOf = (text: unknown, max: number): boolean =>
  typeof text === 'string' && isStorable(text) && codePoints(text) >= 1 && codePoints(text) <= max;
const isTag = (tag: unknown): boolean => isTextOf(tag, TAG_MAX_CODE_POINTS);
const isTags = (tags: unknown): boolean =>
  Array.isArray(tags) && tags.length <= TAGS_MAX && tags.every(isTag);
const isContent = (content: unknown): boolean => isTextOf(content, CONTENT_MAX_CODE_POINTS);
const isIdempotency = (value: unknown): boolean =>
  isRecord(value) && matches(value['keyHash'], HASH) && matches(value['bodyHash'], HASH);
