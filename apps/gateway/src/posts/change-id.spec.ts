import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Principal } from '@spillway/auth';
import { isUuidV7, uuidV7, uuidV7Time } from '@spillway/contracts';
import { buildEditCommand } from './build-change-command.js';

const principal: Principal = {
  sub: 'alice',
  tenant: 'acme',
  roles: new Set(['author'] as const),
  expiresAtMs: Date.now() + 60_000,
};
const NOW = 1_790_000_000_000;
const idOf = (id: string, now: number, version?: string): string =>
  buildEditCommand({ principal, id, now, ifMatch: version === undefined ? undefined : `"${version}.x"` }, {})
    .commandId;

describe('ids of changes', () => {
  const ahead = fc.integer({ min: -2_000, max: 60_000 });
  /** When each edit after the first is taken, and whether it names the version it builds on. */
  const edits = fc.array(fc.tuple(fc.integer({ min: 1, max: 3_000 }), fc.boolean()), {
    minLength: 2,
    maxLength: 60,
  });

  it('have the order in which edits were taken, wherever the post lies, and whatever they name', () => {
    fc.assert(
      fc.property(ahead, edits, (aheadMs, later) => {
        const postId = uuidV7(NOW + aheadMs);
        let now = NOW;
        let version = postId;
        for (const [afterMs, conditional] of later) {
          now += afterMs;
          const next = idOf(postId, now, conditional ? version : undefined);
          expect(isUuidV7(next)).toBe(true);
          expect(next > version).toBe(true);
          expect(uuidV7Time(next)).toBe(Math.max(now, NOW + aheadMs + 1));
          version = next;
        }
      }),
    );
  });

  it('have it in the millisecond in which the clock reaches the post', () => {
    const postId = uuidV7(NOW);
    for (let n = 0; n < 50; n++) {
      const ids = [NOW - 1, NOW, NOW + 1, NOW + 2].map((now) => idOf(postId, now));
      expect([...ids].sort()).toEqual(ids);
    }
  });

  it('are later than the version they name, though a gateway whose clock is ahead took that', () => {
    fc.assert(
      fc.property(ahead, fc.integer({ min: 0, max: 2_000 }), (aheadMs, skewMs) => {
        const postId = uuidV7(NOW + aheadMs);
        const theirs = idOf(postId, NOW + skewMs);
        const ours = idOf(postId, NOW, theirs);
        expect(ours > theirs).toBe(true);
        // An edit taken once both clocks are past that is later again, whoever takes it.
        expect(idOf(postId, NOW + skewMs + 2) > ours).toBe(true);
      }),
    );
  });

  it('are later than any version, also one whose bits are all set', () => {
    const version = uuidV7(NOW + 5, new Uint8Array(10).fill(0xff));
    expect(idOf(uuidV7(NOW), NOW, version) > version).toBe(true);
  });

  it('differ, of edits taken at once', () => {
    const postId = uuidV7(NOW + 1_000);
    expect(new Set(Array.from({ length: 1_000 }, () => idOf(postId, NOW))).size).toBe(1_000);
  });
});
