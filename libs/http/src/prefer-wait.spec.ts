import { describe, expect, it } from '@jest/globals';
import { preferredWait } from './prefer-wait.js';

describe('Prefer: wait', () => {
  it.each([
    ['wait=5', 5],
    ['wait=10', 10],
    ['WAIT = 1', 1],
    ['wait=11', 10],
    ['wait=99999999999999999999', 10],
    ['respond-async, wait=3', 3],
    ['return=minimal; foo="a, wait=9" , wait=4;x=y', 4],
    ['wait=2, wait=7', 2],
    ['a="x\\", wait=9", wait=6', 6],
    [', ,wait=8', 8],
    ['@broken@, wait=7', 7],
    ['wait=05', 5],
  ])('asks for seconds: %s', (header, seconds) => expect(preferredWait(header)).toBe(seconds));

  it.each([
    undefined,
    '',
    'wait',
    'wait=',
    'wait=0',
    'wait=-1',
    'wait=1.5',
    'wait=1e1',
    'wait="5"',
    'wait=x, wait=5',
    'wait 5',
    'await=5',
    'respond-async',
    'x="wait=5',
    'x="wait=5"',
  ])('asks for nothing: %s', (header) => expect(preferredWait(header)).toBeUndefined());

  it('is read in linear time', () => {
    const startedAt = performance.now();
    for (const part of [';', ' ;', 'a=', '"', ' ', '\\"', 'a;b=" ']) {
      for (const start of ['x', 'wait', 'wait=5'])
        preferredWait(`${start}${part.repeat(16_000 / part.length)}@`);
    }
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});
