import { describe, expect, it } from '@jest/globals';
import { isUnchanged } from './if-none-match.js';

const ETAG = '"0198a.x_-"';

describe('If-None-Match', () => {
  it.each([ETAG, `W/${ETAG}`, `"a", ${ETAG}`, `"a,b" , W/"c",${ETAG}, "d"`, `"", ${ETAG}`, ' * '])(
    'names the ETag: %s',
    (header) => expect(isUnchanged(header, ETAG)).toBe(true),
  );

  it.each([
    undefined,
    '',
    '"0198a"',
    '0198a.x_-',
    `w/${ETAG}`,
    `"a" ${ETAG}`,
    `"a, ${ETAG}`,
    '"*"',
    `*, ${ETAG}`,
  ])('does not name it: %s', (header) => expect(isUnchanged(header, ETAG)).toBe(false));

  it('is read in linear time', () => {
    expect(isUnchanged('"a", '.repeat(3_000), ETAG)).toBe(false);
    expect(isUnchanged(`"${' ,'.repeat(8_000)}`, ETAG)).toBe(false);
  });
});
