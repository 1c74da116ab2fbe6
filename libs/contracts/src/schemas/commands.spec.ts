import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { decodeEnvelope } from '../envelope.js';
import { COMMAND_SCHEMAS, ENVELOPE_SCHEMA } from './commands.js';

const ajv = new Ajv2020({ strict: false });
ajv.addSchema({
  $id: 'urn:spillway:commands',
  envelope: ENVELOPE_SCHEMA,
  components: { schemas: COMMAND_SCHEMAS },
});
const validate = ajv.compile({ $ref: 'urn:spillway:commands#/envelope' });

const uuid = fc.uuid();
const name = fc.stringMatching(/^[A-Za-z0-9_.:@-]{1,64}$/, { size: '-1' });
const hash = fc.constantFrom('0', '9', 'a', 'f').map((digit) => digit.repeat(64));
/** Around the limit too; seldom, for the long ones take long. */
const text = (max: number) =>
  fc.oneof(
    { weight: max, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }) },
    {
      weight: Math.ceil(max / 10),
      arbitrary: fc
        .tuple(fc.constantFrom('x', '語', '👍'), fc.constantFrom(max - 1, max, max + 1))
        .map(([unit, n]) => unit.repeat(n)),
    },
  );
const tags = fc.array(text(50), { maxLength: 11 });
const base = {
  commandId: uuid,
  attempt: fc.nat(30),
  postId: uuid,
  tenantId: name,
  actor: fc.record({ sub: name, moderator: fc.boolean() }),
  acceptedAt: fc.maxSafeNat(),
  traceparent: fc.string(),
  idempotency: fc.record({ keyHash: hash, bodyHash: hash }),
};
const REQUIRED = ['kind', 'commandId', 'postId', 'tenantId', 'actor', 'acceptedAt'] as const;
const post = fc.record(
  { authorId: name, content: text(10_000), channelId: fc.constant('c-1'), replyTo: uuid, tags },
  { requiredKeys: ['authorId', 'content', 'tags'] },
);
const edit = fc.record({ content: text(10_000), tags }, { requiredKeys: [] });
const command = fc.oneof(
  fc.record({ ...base, kind: fc.constant('post.create'), post }, { requiredKeys: [...REQUIRED, 'post'] }),
  fc.record(
    { ...base, kind: fc.constant('post.edit'), edit, ifMatch: uuid },
    { requiredKeys: [...REQUIRED, 'edit'] },
  ),
  fc.record({ ...base, kind: fc.constant('post.delete'), ifMatch: uuid }, { requiredKeys: [...REQUIRED] }),
  fc.record(
    {
      ...base,
      kind: fc.constantFrom('dead_letter.replay', 'dead_letter.discard'),
      letterId: uuid,
      why: text(500),
      via: fc.constantFrom('api', 'cli'),
    },
    { requiredKeys: [...REQUIRED, 'letterId', 'why', 'via'] },
  ),
  fc.record(
    {
      ...base,
      kind: fc.constant('token.revoke'),
      jti: name,
      exp: fc.maxSafeNat(),
      why: text(500),
      via: fc.constantFrom('api', 'cli'),
    },
    { requiredKeys: [...REQUIRED, 'jti', 'exp', 'why', 'via'] },
  ),
);

/** One property somewhere in the command is taken out or becomes something else. */
const PATHS = [
  ...['kind', 'commandId', 'attempt', 'postId', 'tenantId', 'actor', 'acceptedAt', 'traceparent', 'ifMatch'],
  ...[
    'idempotency',
    'idempotency.keyHash',
    'actor.sub',
    'actor.moderator',
    'post',
    'edit',
    'extra',
    'letterId',
    'why',
    'via',
    'jti',
    'exp',
  ],
  ...[
    'post.content',
    'post.authorId',
    'post.channelId',
    'post.replyTo',
    'post.tags',
    'edit.content',
    'edit.tags',
  ],
];
const OTHER = fc.oneof(
  fc.constantFrom<unknown>(
    undefined,
    null,
    true,
    0,
    0.5,
    -1,
    1e300,
    '',
    'x',
    '\0',
    '\ud800',
    [],
    {},
    [''],
    ['\0'],
  ),
  fc.constantFrom<unknown>('post.create', 'post.edit', 'post.delete', 'post.other', 'X'.repeat(65), 'a b', [
    'a',
    5,
  ]),
  uuid,
  uuid.map((id) => id.toUpperCase()),
);
const changed = fc.tuple(command, fc.constantFrom(...PATHS), OTHER).map(([given, path, value]) => {
  const copy = structuredClone(given) as Record<string, unknown>;
  const [first = '', second] = path.split('.');
  const inner = copy[first];
  if (second === undefined) copy[first] = value;
  else if (typeof inner === 'object' && inner !== null) Object.assign(inner, { [second]: value });
  return copy;
});

/** Both sides see what JSON makes of it. */
function verdicts(commands: readonly unknown[]): { readonly decoded: boolean; readonly described: boolean } {
  const text = JSON.stringify({ v: 1, commands });
  return {
    decoded: decodeEnvelope(Buffer.from(text)).every(({ as }) => as === 'valid'),
    described: validate(JSON.parse(text)),
  };
}

describe('the schemas of commands', () => {
  it.each([
    ['as gateways make them', command],
    ['with something wrong', changed],
  ])('describe what decodeEnvelope takes, of commands %s', (_name, commands) => {
    const seen = { valid: 0, invalid: 0 };
    fc.assert(
      fc.property(fc.array(commands, { minLength: 1, maxLength: 3 }), (list) => {
        const { decoded, described } = verdicts(list);
        seen[decoded ? 'valid' : 'invalid']++;
        expect(described).toBe(decoded);
      }),
      { numRuns: 2_000 },
    );
    expect(Math.min(seen.valid, seen.invalid)).toBeGreaterThan(100);
  });

  it('take no more commands than a message may hold, and at least one', () => {
    const one = { kind: 'post.delete', commandId: '018f0000-0000-7000-8000-000000000000', acceptedAt: 1 };
    const full = { ...one, postId: one.commandId, tenantId: 't', actor: { sub: 'a', moderator: false } };
    expect([1, 64, 65, 0].map((n) => validate({ v: 1, commands: new Array(n).fill(full) }))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(validate({ v: 2, commands: [full] })).toBe(false);
  });
});
