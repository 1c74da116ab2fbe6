import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseTracestate } from './tracestate.js';

const serialized = (text: string | undefined): string | undefined => parseTracestate(text)?.serialize();
const members = (count: number): string => Array.from({ length: count }, (_, n) => `k${n}=v${n}`).join(',');

describe('parseTracestate', () => {
  it('carries members on in their order', () => {
    expect(serialized('rojo=00f067aa0ba902b7,congo=t61rcWkgMzE')).toBe(
      'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE',
    );
  });

  it('passes over empty members and space around them', () => {
    expect(serialized(' foo=1 ,\t, bar=2\t,')).toBe('foo=1,bar=2');
  });

  it.each(['a', '0a', 'tenant@system', 'a_-*/', 'x'.repeat(256)])('takes the key %s', (key) =>
    expect(serialized(`${key}=1`)).toBe(`${key}=1`),
  );
  it.each(['', 'A', 'a b', 'a.b', '@a', 'ä', 'x'.repeat(257)])('refuses the key %j, and all with it', (key) =>
    expect(serialized(`ok=1,${key}=1`)).toBeUndefined(),
  );
  it.each(['1', ' x', 'a b', '!"#$%&\'()*+-./:;<>?@[]^_`{|}~', 'v'.repeat(256)])(
    'takes the value %j',
    (value) => expect(serialized(`a=${value}`)).toBe(`a=${value}`),
  );
  it.each(['', 'a=b', 'ü', '\u0001', 'v'.repeat(257)])('refuses the value %j', (value) =>
    expect(serialized(`a=${value}`)).toBeUndefined(),
  );

  it('takes 32 members and no more', () => {
    expect(serialized(members(32))).toBe(members(32));
    expect(serialized(members(33))).toBeUndefined();
  });

  it('refuses a key that comes twice, what has no value, what is empty or too long', () => {
    for (const text of ['a=1,b=2,a=3', 'a', '=1', '', ' , ', `a=${'v,'.repeat(600)}`, undefined])
      expect(serialized(text)).toBeUndefined();
  });

  it('never throws, and what it gives is read again alike', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii' }), (text) => {
        const once = serialized(text);
        return once === undefined || serialized(once) === once;
      }),
    );
  });

  it('puts what is set first, and only what may be', () => {
    const state = parseTracestate('a=1,b=2');
    expect(state?.set('b', '3').serialize()).toBe('b=3,a=1');
    expect(state?.set('B', '3').serialize()).toBe('a=1,b=2');
    expect(state?.unset('a').serialize()).toBe('b=2');
    expect(state?.get('a')).toBe('1');
  });
});
