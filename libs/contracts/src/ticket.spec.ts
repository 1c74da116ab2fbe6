import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { uuidFromBytes, uuidV7 } from './ids.js';
import { SigningKeys } from './signing-keys.js';
import { issueTicket, readTicket, TICKET_VALID_MS, type Ticket } from './ticket.js';

const secret = (fill: number): string => Buffer.alloc(32, fill).toString('base64');
const keys = SigningKeys.parse(`a:${secret(1)}`, 'ticket');
const NOW = 1_760_000_000_000;
const ticket: Ticket = { kind: 'create', issuedAt: NOW, commandId: uuidV7(NOW), postId: uuidV7(NOW) };

const uuid = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(uuidFromBytes);
const anyTicket: fc.Arbitrary<Ticket> = fc.record({
  kind: fc.constantFrom('create', 'edit', 'delete'),
  issuedAt: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
  commandId: uuid,
  postId: uuid,
});
const tenant = fc.stringMatching(/^[A-Za-z0-9_.:@-]{1,64}$/);

describe('a ticket', () => {
  it('says afterwards what was put into it, in at most 90 URL-safe characters', () => {
    fc.assert(
      fc.property(anyTicket, tenant, (any, of) => {
        const jobId = issueTicket(keys, of, any);
        expect(jobId).toMatch(/^[A-Za-z0-9_-]{1,90}$/);
        expect(readTicket(keys, of, jobId, any.issuedAt)).toEqual(any);
      }),
    );
  });

  it('is void when any bit of it was changed', () => {
    const bytes = Buffer.from(issueTicket(keys, 'acme', ticket), 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const forged = Buffer.from(bytes);
      forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(readTicket(keys, 'acme', forged.toString('base64url'), NOW)).toBeNull();
    }
  });

  it('is void when any of its characters was changed', () => {
    const jobId = issueTicket(keys, 'acme', ticket);
    fc.assert(
      fc.property(fc.nat(jobId.length - 1), fc.stringMatching(/^[A-Za-z0-9_-]$/), (at, character) => {
        fc.pre(jobId[at] !== character);
        const forged = jobId.slice(0, at) + character + jobId.slice(at + 1);
        expect(readTicket(keys, 'acme', forged, NOW)).toBeNull();
      }),
    );
  });

  it('is void for another tenant', () => {
    const jobId = issueTicket(keys, 'acme', ticket);
    expect(readTicket(keys, 'acm', jobId, NOW)).toBeNull();
    expect(readTicket(keys, 'acmee', jobId, NOW)).toBeNull();
    expect(readTicket(keys, 'Acme', jobId, NOW)).toBeNull();
  });

  it('is honoured for 7 days and not a millisecond longer', () => {
    const jobId = issueTicket(keys, 'acme', ticket);
    expect(readTicket(keys, 'acme', jobId, NOW + TICKET_VALID_MS)).toEqual(ticket);
    expect(readTicket(keys, 'acme', jobId, NOW + TICKET_VALID_MS + 1)).toBeNull();
  });

  it.each([1, 60_000, 600_000, TICKET_VALID_MS])('may be %i ms from the future, as clocks differ', (ms) => {
    const jobId = issueTicket(keys, 'acme', ticket);
    expect(readTicket(keys, 'acme', jobId, NOW - ms)).toEqual(ticket);
  });

  it('is void under the key of another purpose, although the secret is the same', () => {
    for (const purpose of ['consistency', 'cursor'] as const) {
      const other = SigningKeys.parse(`a:${secret(1)}`, purpose);
      expect(readTicket(other, 'acme', issueTicket(keys, 'acme', ticket), NOW)).toBeNull();
    }
  });

  it('outlives a rotation for as long as its key stays in the list', () => {
    const jobId = issueTicket(keys, 'acme', ticket);
    const rotated = SigningKeys.parse(`b:${secret(2)},a:${secret(1)}`, 'ticket');
    expect(readTicket(rotated, 'acme', jobId, NOW)).toEqual(ticket);
    expect(issueTicket(rotated, 'acme', ticket)).not.toBe(jobId);
    const removed = SigningKeys.parse(`b:${secret(2)}`, 'ticket');
    expect(readTicket(removed, 'acme', jobId, NOW)).toBeNull();
    expect(readTicket(removed, 'acme', issueTicket(rotated, 'acme', ticket), NOW)).toEqual(ticket);
  });

  it('is void when it is anything else', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (text) => {
        expect(readTicket(keys, 'acme', text, NOW)).toBeNull();
      }),
    );
    expect(readTicket(keys, 'acme', 'A'.repeat(76), NOW)).toBeNull();
    expect(readTicket(keys, 'acme', `${issueTicket(keys, 'acme', ticket)}\n`, NOW)).toBeNull();
  });
});

describe('SigningKeys.parse', () => {
  it.each([
    ['nothing', ''],
    ['no id', secret(1)],
    ['an id of two characters', `ab:${secret(1)}`],
    ['an upper-case id', `A:${secret(1)}`],
    ['a secret of 31 bytes', `a:${Buffer.alloc(31, 1).toString('base64')}`],
    ['the same id twice', `a:${secret(1)},a:${secret(2)}`],
    ['an empty entry', `a:${secret(1)},`],
  ])('refuses %s and prints no secret', (_what, text) => {
    expect(() => SigningKeys.parse(text, 'ticket')).toThrow(/must be id:base64/);
    try {
      SigningKeys.parse(text, 'ticket');
    } catch (error) {
      expect(String(error)).not.toContain(secret(1));
    }
  });

  it('signs with the first key', () => {
    expect(SigningKeys.parse(`z:${secret(3)},a:${secret(1)}`, 'ticket').current).toBe('z');
  });

  it('has no signature for a key that it does not know, and takes none of another length', () => {
    expect(keys.mac('x', 'text')).toBeNull();
    expect(keys.verify('x', Buffer.alloc(16), 'text')).toBe(false);
    expect(keys.verify('a', Buffer.alloc(15), 'text')).toBe(false);
    expect(keys.verify('a', Buffer.alloc(32), 'text')).toBe(false);
  });
});
