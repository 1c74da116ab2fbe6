import { describe, expect, it } from '@jest/globals';
import { parseQuotas } from './quota-limits.js';

describe('parseQuotas', () => {
  it('reads tenants with their limits', () => {
    expect([...parseQuotas('acme=5000/1000;a.b:c@d-e=0/0')]).toEqual([
      ['acme', { tenant: 5000, author: 1000 }],
      ['a.b:c@d-e', { tenant: 0, author: 0 }],
    ]);
    expect(parseQuotas('').size).toBe(0);
  });

  it('names every mistake at once', () => {
    expect(() => parseQuotas('acme=1;b c=1/1;ok=1/2;ok=3/4;x=1/9999999999;')).toThrow(
      'entry 1 is not tenant=limit/limit of an author, entry 2 does not begin with the id of a tenant, ' +
        'entry 4 names a tenant again, entry 5 has a limit above 1000000000, ' +
        'entry 6 is not tenant=limit/limit of an author',
    );
  });

  it.each([
    'acme',
    'acme=1/-1',
    'acme=1/1.5',
    ' acme=1/1',
    'acme=1/1 ',
    'acme=1/1;;b=1/1',
    'acme=/1',
    '=1/1',
    'acme=1e3/1',
  ])('refuses %j', (text) => expect(() => parseQuotas(text)).toThrow(/^must be like/));
});
