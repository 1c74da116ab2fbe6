import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Principal } from '@spillway/auth';
import { isUuidV7, uuidV7, uuidV7Time } from '@spillway/contracts';
import { decodeEnvelope, encodeEnvelope } from '@spillway/contracts/server';
import { buildDeleteCommand, buildEditCommand, type ChangeRequest } from './build-change-command.js';
import { versionOfIfMatch } from './if-match.js';

const VERSION = '0199f0a4-5b00-7abc-8def-0123456789ab';
const principal: Principal = {
  sub: 'alice',
  tenant: 'acme',
  roles: new Set(['author'] as const),
  expiresAtMs: Date.now() + 60_000,
};
const request = (fields: Partial<ChangeRequest> = {}): ChangeRequest => ({
  principal,
  id: uuidV7(Date.now() - 10_000),
  ifMatch: undefined,
  now: Date.now(),
  ...fields,
});
const problem = (code: string): unknown => expect.objectContaining({ name: 'ProblemError', code });

describe('versionOfIfMatch', () => {
  it.each([
    [undefined, undefined],
    ['*', undefined],
    [' * ', undefined],
    [`"${VERSION}.x"`, VERSION],
    [` "${VERSION}.Ab_-9" `, VERSION],
    [`"${VERSION}.${'x'.repeat(64)}"`, VERSION],
    [`W/"${VERSION}.x"`, VERSION],
  ])('reads %j as %j', (header, version) => {
    expect(versionOfIfMatch(header)).toBe(version);
  });

  it.each([
    '',
    '""',
    'x',
    VERSION,
    `"${VERSION}"`,
    `"${VERSION}."`,
    `${VERSION}.x`,
    `w/"${VERSION}.x"`,
    `W/ "${VERSION}.x"`,
    `"${VERSION}.x", "${VERSION}.y"`,
    `"${VERSION}.${'x'.repeat(65)}"`,
    `"${VERSION.toUpperCase()}.x"`,
    `"${VERSION.replaceAll('-', '')}----.x"`,
    `"${'-'.repeat(36)}.x"`,
  ])('refuses %j, and says where it stands', (header) => {
    expect(() => versionOfIfMatch(header)).toThrow(
      expect.objectContaining({
        name: 'ProblemError',
        code: 'invalid_request',
        errors: [expect.objectContaining({ pointer: '!If-Match' })],
      }),
    );
  });
});

describe('the commands of PATCH and DELETE', () => {
  it('are such as a writer takes, and leave out what was not asked', () => {
    const { id, now } = request();
    const edited = buildEditCommand(request({ id, now }), { content: 'x', tags: ['a'] });
    expect(edited).toEqual({
      kind: 'post.edit',
      commandId: expect.any(String),
      postId: id,
      tenantId: 'acme',
      actor: { sub: 'alice', moderator: false },
      acceptedAt: now,
      edit: { content: 'x', tags: ['a'] },
    });
    const moderator = { ...principal, roles: new Set(['moderator'] as const) };
    const deleted = buildDeleteCommand(
      request({ id: id.toUpperCase(), principal: moderator, ifMatch: `"${VERSION}.x"` }),
    );
    expect(deleted).toMatchObject({
      kind: 'post.delete',
      postId: id,
      actor: { moderator: true },
      ifMatch: VERSION,
    });
    expect(decodeEnvelope(encodeEnvelope([edited, deleted]))).toEqual([
      { as: 'valid', command: edited },
      { as: 'valid', command: deleted },
    ]);
  });

  it('are later than the post and the version they build on, also by a clock that is behind', () => {
    const time = fc.integer({ min: 0, max: 4_000_000_000_000 });
    fc.assert(
      fc.property(
        time,
        time,
        fc.boolean(),
        fc.integer({ min: 0, max: 60_000 }),
        (now, of, match, aheadMs) => {
          const id = uuidV7(Math.min(of, now + aheadMs));
          const version = uuidV7(of);
          const { commandId } = buildDeleteCommand(
            request({ id, now, ifMatch: match ? `"${version}.x"` : undefined }),
          );
          expect(isUuidV7(commandId)).toBe(true);
          expect(commandId > id).toBe(true);
          if (match) expect(commandId > version).toBe(true);
          expect(uuidV7Time(commandId)).toBeGreaterThanOrEqual(now);
        },
      ),
    );
  });

  it('have the time of now when nothing is ahead of it', () => {
    const now = Date.now();
    expect(uuidV7Time(buildEditCommand(request({ now }), { content: 'x' }).commandId)).toBe(now);
  });

  it.each(['x', '', VERSION.replace('-7abc', '-4abc'), `${VERSION}0`])('find no post at %j', (id) => {
    expect(() => buildDeleteCommand(request({ id }))).toThrow(problem('not_found'));
  });

  it('find no post at an id further ahead than any post can have', () => {
    const now = Date.now();
    expect(() => buildDeleteCommand(request({ id: uuidV7(now + 60_001), now }))).toThrow(
      problem('not_found'),
    );
    expect(() => buildDeleteCommand(request({ id: uuidV7(2 ** 48 - 1), now }))).toThrow(problem('not_found'));
    expect(buildDeleteCommand(request({ id: uuidV7(now + 60_000), now })).kind).toBe('post.delete');
  });
});
