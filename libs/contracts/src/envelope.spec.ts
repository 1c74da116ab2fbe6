import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { CreatePost } from './command.js';
import {
  decodeEnvelope,
  encodeEnvelope,
  encodeEnvelopes,
  ENVELOPE_MAX_BYTES,
  ENVELOPE_MAX_COMMANDS,
} from './envelope.js';
import { CONTENT_MAX_CODE_POINTS } from './text.js';

const ID = '0190b7b0-0000-7000-8000-000000000001';
const command: CreatePost = {
  kind: 'post.create',
  commandId: ID,
  postId: ID,
  tenantId: 'acme',
  actor: { sub: 'alice', moderator: false },
  acceptedAt: 1_760_000_000_000,
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  post: { authorId: 'alice', content: 'hello', channelId: 'news', replyTo: ID, tags: ['a'] },
};

const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const decodeOne = (raw: unknown) => decodeEnvelope(bytes({ v: 1, commands: [raw] }))[0];
const withPost = (fields: object): object => ({ ...command, post: { ...command.post, ...fields } });

describe('an envelope', () => {
  it('gives back the commands put into it, in order', () => {
    const second = { ...command, commandId: '0190b7b0-0000-7000-8000-000000000002' };
    expect(decodeEnvelope(encodeEnvelope([command, second]))).toEqual([
      { as: 'valid', command },
      { as: 'valid', command: second },
    ]);
  });

  it('carries any text that may be stored, byte for byte', () => {
    const content = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 200 })
      .filter((t) => !t.includes('\0'));
    fc.assert(
      fc.property(content, (text) => {
        const [decoded] = decodeEnvelope(
          encodeEnvelope([{ ...command, post: { ...command.post, content: text } }]),
        );
        expect(decoded).toMatchObject({ as: 'valid', command: { post: { content: text } } });
      }),
    );
  });

  it('of one post at its largest fits into a message', () => {
    const tags = Array.from({ length: 10 }, (_, n) => `${n}${'😀'.repeat(49)}`);
    const content = '\u0001'.repeat(CONTENT_MAX_CODE_POINTS);
    const largest = encodeEnvelope([{ ...command, post: { ...command.post, content, tags } }]);
    expect(largest.length).toBeLessThanOrEqual(ENVELOPE_MAX_BYTES);
    expect(decodeEnvelope(largest)[0]?.as).toBe('valid');
  });
});

describe('encodeEnvelopes', () => {
  it('shares commands out in order, within both limits, and wastes no message', () => {
    const content = fc.string({ unit: 'binary', minLength: 1, maxLength: 3000 });
    fc.assert(
      fc.property(fc.array(content, { maxLength: 200 }), (texts) => {
        const commands = texts.map((text) => ({ ...command, post: { ...command.post, content: text } }));
        const envelopes = encodeEnvelopes(commands);
        expect(envelopes.flatMap((envelope) => envelope.commands)).toEqual(commands);
        for (const [place, { commands: some, body }] of envelopes.entries()) {
          expect(body.equals(encodeEnvelope(some))).toBe(true);
          expect(some.length).toBeGreaterThan(0);
          expect(some.length).toBeLessThanOrEqual(ENVELOPE_MAX_COMMANDS);
          expect(body.length).toBeLessThanOrEqual(ENVELOPE_MAX_BYTES);
          const next = envelopes[place + 1]?.commands[0];
          if (!next || some.length === ENVELOPE_MAX_COMMANDS) continue;
          expect(encodeEnvelope([...some, next]).length).toBeGreaterThan(ENVELOPE_MAX_BYTES);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('makes nothing of nothing', () => {
    expect(encodeEnvelopes([])).toEqual([]);
  });
});

describe('decodeEnvelope', () => {
  it.each([
    ['nothing', Buffer.alloc(0)],
    ['text that is not JSON', Buffer.from('{"v":1,')],
    ['bytes that are not UTF-8', Buffer.concat([bytes({ v: 1, commands: [command] }), Buffer.from([0xff])])],
    ['half a UTF-8 sequence in a text', Buffer.from([0x22, 0xc3, 0x22])],
  ])('takes %s for one invalid entry', (_what, body) => {
    expect(decodeEnvelope(body)).toEqual([
      { as: 'invalid', reason: 'the body is not UTF-8 JSON', raw: null },
    ]);
  });

  it.each([
    ['null', null],
    ['a list', [command]],
    ['a text', 'post'],
    ['an object without commands', { v: 1 }],
    ['no commands', { v: 1, commands: [] }],
    ['commands that are no list', { v: 1, commands: { 0: command } }],
  ])('takes %s for one invalid entry that keeps what was sent', (_what, body) => {
    expect(decodeEnvelope(bytes(body))).toEqual([
      { as: 'invalid', reason: 'the body is not an envelope', raw: body },
    ]);
  });

  it.each([
    ['null', null, 'a command is not an object'],
    ['a list', [], 'a command is not an object'],
    ['an empty object', {}, 'a command lacks tenantId, commandId or postId'],
    ['a tenant of the wrong form', { ...command, tenantId: 'a b' }, 'a command lacks tenantId'],
    ['a numeric tenant', { ...command, tenantId: 7 }, 'a command lacks tenantId'],
    ['a command id in upper case', { ...command, commandId: ID.toUpperCase() }, 'a command lacks'],
    ['no post id', { ...command, postId: undefined }, 'a command lacks'],
  ])('cannot tell which command %s is', (_what, raw, reason) => {
    const decoded = decodeOne(raw);
    expect(decoded).toMatchObject({ as: 'invalid', reason: expect.stringContaining(reason) });
    expect(decoded).not.toHaveProperty('commandId');
  });

  it.each([
    ['no actor', { ...command, actor: null }, 'actor'],
    ['an actor without a name', { ...command, actor: { sub: '', moderator: false } }, 'actor'],
    ['an actor of unknown rights', { ...command, actor: { sub: 'alice', moderator: 1 } }, 'actor'],
    ['no time', { ...command, acceptedAt: undefined }, 'acceptedAt'],
    ['half a millisecond', { ...command, acceptedAt: 0.5 }, 'acceptedAt'],
    ['a numeric traceparent', { ...command, traceparent: 7 }, 'traceparent'],
    ['a textual attempt', { ...command, attempt: '1' }, 'attempt'],
    ['no post', { ...command, post: undefined }, 'post'],
    ['a list for a post', { ...command, post: [] }, 'post'],
    ['no author', withPost({ authorId: undefined }), 'post.authorId'],
    ['no content', withPost({ content: undefined }), 'post.content'],
    ['empty content', withPost({ content: '' }), 'post.content'],
    ['content with U+0000', withPost({ content: 'a\u0000' }), 'post.content'],
    ['content with half a pair', withPost({ content: '\ud800' }), 'post.content'],
    [
      'content that is too long',
      withPost({ content: '😀'.repeat(CONTENT_MAX_CODE_POINTS + 1) }),
      'post.content',
    ],
    ['a channel with a blank', withPost({ channelId: 'a b' }), 'post.channelId'],
    ['null for a channel', withPost({ channelId: null }), 'post.channelId'],
    ['a parent that is no id', withPost({ replyTo: 'x' }), 'post.replyTo'],
    ['no tags', withPost({ tags: undefined }), 'post.tags'],
    ['eleven tags', withPost({ tags: Array(11).fill('t') }), 'post.tags'],
    ['an empty tag', withPost({ tags: [''] }), 'post.tags'],
    ['a tag that is too long', withPost({ tags: ['t'.repeat(51)] }), 'post.tags'],
    ['a tag with U+0000', withPost({ tags: ['\u0000'] }), 'post.tags'],
    ['a numeric tag', withPost({ tags: [1] }), 'post.tags'],
  ])('says what is wrong with a command that has %s', (_what, raw, reason) => {
    expect(decodeOne(raw)).toMatchObject({
      as: 'invalid',
      reason,
      commandId: ID,
      tenantId: 'acme',
      postId: ID,
    });
  });

  it('takes content of 10 000 characters outside the basic plane', () => {
    expect(decodeOne(withPost({ content: '😀'.repeat(CONTENT_MAX_CODE_POINTS) }))?.as).toBe('valid');
  });

  it.each([
    ['of a newer envelope', { v: 2, commands: [command] }],
    ['of a kind that this code does not know', { v: 1, commands: [{ ...command, kind: 'post.pin' }] }],
    [
      'of a newer envelope, in a shape that would be invalid now',
      { v: 2, commands: [{ ...command, post: 7 }] },
    ],
  ])('keeps a command %s for a newer writer', (_what, body) => {
    const [raw] = body.commands;
    expect(decodeEnvelope(bytes(body))).toEqual([
      { as: 'newer', tenantId: 'acme', commandId: ID, postId: ID, raw },
    ]);
  });

  it('judges each command of a message by itself', () => {
    const body = bytes({
      v: 1,
      commands: [command, null, { ...command, kind: 'post.pin' }, withPost({ tags: 7 })],
    });
    expect(decodeEnvelope(body).map(({ as }) => as)).toEqual(['valid', 'invalid', 'newer', 'invalid']);
  });

  it('never throws and always answers, whatever the bytes are', () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.json().map((text) => Buffer.from(text)),
      fc.jsonValue().map((value) => bytes({ v: 1, commands: [value] })),
      fc
        .dictionary(fc.constantFrom(...Object.keys(command)), fc.jsonValue())
        .map((fields) => bytes({ v: 1, commands: [{ ...command, ...fields }] })),
      fc
        .dictionary(fc.constantFrom(...Object.keys(command.post)), fc.jsonValue())
        .map((fields) => bytes({ v: 1, commands: [withPost(fields)] })),
    );
    fc.assert(
      fc.property(anything, (body) => {
        const decoded = decodeEnvelope(body);
        expect(decoded.length).toBeGreaterThan(0);
        for (const { as } of decoded) expect(['valid', 'newer', 'invalid']).toContain(as);
      }),
      { numRuns: 500 },
    );
  });
});
