import type { Type } from '@nestjs/common';
import fc from 'fast-check';
import { ClassCheck } from './schema/class-check.js';
import type { JsonSchema } from './schema/json-schema.js';
import { schemaOf } from './schema/schema-of.js';

/** For specs: whether the compiled check and the decorators themselves accept a value. They must agree. */
export function verdictsOn(metatype: Type<object>, value: object): { compiled: boolean; decorated: boolean } {
  const check = ClassCheck.of(metatype);
  const prepared = check.prepared(value);
  return {
    compiled: check.accepts(prepared),
    decorated: check.mistakesOf(prepared, (property) => property).length === 0,
  };
}

/** The classes among what modules export, such as those of every `*.dto.ts`. */
export const classesOf = (modules: readonly object[]): readonly Type<object>[] =>
  modules.flatMap((module) => Object.values(module).filter(isClass));

const isClass = (value: unknown): value is Type<object> =>
  typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));

/**
 * Objects for a class: valid ones, ones at and just beyond each limit, and ones no client of good will
 * sends (wrong types, holes, depth, halves of surrogate pairs, names that every object has).
 */
export function bodiesFor(metatype: Type<object>): fc.Arbitrary<object> {
  const { properties } = schemaOf(metatype).schema;
  const any = mapped(properties, (schema) => fc.oneof({ weight: 6, arbitrary: valuesFor(schema) }, HOSTILE));
  const good = mapped(properties, goodFor);
  const base = fc.oneof({ weight: 2, arbitrary: fc.record(good) }, fc.record(good, { requiredKeys: [] }));
  const replaced = Object.entries(any).map(([name, value]) => fc.tuple(fc.constant(name), value));
  const change = fc.oneof({ weight: 6, arbitrary: fc.oneof(...replaced) }, STRANGE);
  return fc.tuple(base, fc.array(change, { maxLength: 2 })).map(([body, changes]) => {
    for (const [name, value] of changes) define(body, name, value);
    return body;
  });
}

const mapped = (
  properties: Readonly<Record<string, JsonSchema>>,
  to: (schema: JsonSchema) => fc.Arbitrary<unknown>,
): Record<string, fc.Arbitrary<unknown>> =>
  Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, to(schema)]));

/** As JSON.parse does it: an assignment to __proto__ would set the prototype. */
const define = (body: object, name: string, value: unknown): void =>
  void Object.defineProperty(body, name, { value, enumerable: true, writable: true, configurable: true });

const EMOJI = '👍';
const UNITS = ['x', 'ß', '語', EMOJI, '❤\ufe0f', '👨‍👩‍👧', 'e\u0301'];
const NAUGHTY = ['', '\0', 'a\0b', '\ud800', 'a\udc00', '\udc00\ud800', '\ufeff', ' ', '\u202e', 'ǅ', '\n'];
const HOLES = Object.assign(new Array<unknown>(3), { 0: 'a', 2: 'b' });
const STRANGE_NAMES = fc.constantFrom(
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', 'length', '', '0'],
  ...['content ', 'Content', 'a/b~c', '\0', EMOJI],
);
const HOSTILE: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, undefined, true, false, 0, -0, NaN, Infinity, 1e300, 0.5, '5', '', {}, []),
  fc.constantFrom<unknown>([[]], [null], HOLES, new Array(3), { length: 1, 0: 'a' }, { toString: 'x' }),
  fc.constantFrom<unknown>(JSON.parse('['.repeat(500) + ']'.repeat(500)), new Date(0), new Set(['a']), 5n),
  fc.array(fc.oneof(fc.string(), fc.integer()), { maxLength: 12 }),
  fc.jsonValue({ maxDepth: 3 }),
);

const repeated = (count: number): fc.Arbitrary<string> =>
  fc.constantFrom(...UNITS).map((unit) => unit.repeat(Math.max(0, Math.ceil(count / [...unit].length))));

const STRANGE = fc.tuple(STRANGE_NAMES, HOSTILE);

/** Mostly what the schema describes; always so for one with at most one pattern. */
function goodFor(schema: JsonSchema): fc.Arbitrary<unknown> {
  const { type, minLength = 0, maxLength = 40, minItems = 0, maxItems = 3, pattern } = schema;
  if (schema.enum) return fc.constantFrom(...schema.enum);
  switch (type) {
    case 'string': {
      if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern), { size: '-1' });
      const lengths = fc.oneof(
        { weight: 30, arbitrary: fc.integer({ min: minLength, max: Math.min(maxLength, minLength + 40) }) },
        fc.constant(maxLength),
      );
      return fc.tuple(fc.constantFrom('x', 'ß', '語', EMOJI), lengths).map(([unit, n]) => unit.repeat(n));
    }
    case 'array':
      return fc.array(goodFor(schema.items ?? {}), { minLength: minItems, maxLength: maxItems });
    case 'integer': {
      const { minimum: min = 0, maximum: max = 100 } = schema;
      return fc.integer({ min, max }).map((n) => (n % 2 === 0 ? n : String(n)));
    }
    case 'boolean':
      return fc.boolean();
    default:
      return HOSTILE;
  }
}

function textsFor({ minLength = 0, maxLength = 100, pattern }: JsonSchema): fc.Arbitrary<string> {
  const edges = [minLength - 1, minLength, maxLength - 1, maxLength, maxLength + 1, 2 * maxLength + 1];
  const matching = pattern === undefined ? [] : [fc.stringMatching(new RegExp(pattern), { size: '-1' })];
  return fc.oneof(
    { weight: 8, arbitrary: fc.string({ unit: 'grapheme', maxLength: 60 }) },
    { weight: 4, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
    { weight: 4, arbitrary: fc.constantFrom(...NAUGHTY) },
    { weight: 2, arbitrary: fc.uuid() },
    { weight: maxLength > 1000 ? 1 : 8, arbitrary: fc.constantFrom(...edges).chain(repeated) },
    ...matching.flatMap((texts) => [
      { weight: 20, arbitrary: texts },
      { weight: 2, arbitrary: texts.map((text) => `${text}\n`) },
      { weight: 2, arbitrary: texts.map((text) => text.toUpperCase()) },
      { weight: 2, arbitrary: texts.map((text) => text + text) },
    ]),
  );
}

function valuesFor(schema: JsonSchema): fc.Arbitrary<unknown> {
  const whole = (schema.allOf ?? []).reduce<JsonSchema>((all, part) => ({ ...all, ...part }), schema);
  if (whole.enum) return fc.oneof(fc.constantFrom(...whole.enum), fc.string());
  switch (whole.type) {
    case 'string':
      return textsFor(whole);
    case 'array':
      return fc.array(fc.oneof({ weight: 9, arbitrary: valuesFor(whole.items ?? {}) }, HOSTILE), {
        maxLength: (whole.maxItems ?? 3) + 1,
      });
    case 'integer': {
      const { minimum = 0, maximum = 100 } = whole;
      const edges = [minimum - 1, minimum, maximum, maximum + 1, 0.5];
      const numbers = fc.oneof(fc.integer({ min: minimum, max: maximum }), fc.constantFrom(...edges));
      return fc.oneof(numbers, numbers.map(String), fc.stringMatching(/^[-+ ]?\d{1,18}(\.0|e1)?$/));
    }
    case 'boolean':
      return fc.boolean();
    default:
      return HOSTILE;
  }
}
