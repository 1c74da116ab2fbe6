import { describe, expect, it } from '@jest/globals';
import { LAG_SEEN_MAX_MS, PrimaryTrail } from './replication-lag.js';

const lsn = (n: number): string => n.toString(16).padStart(16, '0');

describe('PrimaryTrail', () => {
  it('knows of no lag before it has seen the primary', () => {
    expect(new PrimaryTrail().lagMs(1, lsn(1), 1000)).toBe(0);
  });

  it('gives the age of the first position that a replica has not replayed', () => {
    const trail = new PrimaryTrail();
    for (const [at, position] of [
      [1000, 10],
      [1100, 20],
      [1200, 30],
    ] as const)
      trail.record(1, lsn(position), at);
    expect(trail.lagMs(1, lsn(30), 1500)).toBe(0);
    expect(trail.lagMs(1, lsn(29), 1500)).toBe(300);
    expect(trail.lagMs(1, lsn(10), 1500)).toBe(400);
  });

  it('takes a replica that is behind all that was seen for as far behind as can be', () => {
    const trail = new PrimaryTrail();
    trail.record(1, lsn(10), 1000);
    expect(trail.lagMs(1, lsn(9), 1100)).toBe(LAG_SEEN_MAX_MS);
    expect(trail.lagMs(1, lsn(10), 1100)).toBe(0);
  });

  it('goes by the later timeline while two servers claim to be the primary', () => {
    const trail = new PrimaryTrail();
    trail.record(2, lsn(10), 0);
    for (let at = 100; at <= 60_000; at += 100) {
      trail.record(2, lsn(10 + at), at);
      trail.record(1, lsn(5), at);
    }
    expect(trail.lagMs(2, lsn(10), 60_000)).toBe(59_900);
  });

  it('sees no lag on an idle primary, however long nothing happens', () => {
    const trail = new PrimaryTrail();
    for (let at = 0; at < 600_000; at += 100) trail.record(1, lsn(10), at);
    expect(trail.lagMs(1, lsn(10), 600_000)).toBe(0);
  });

  it('counts from the write that is missing, not from the last time the primary was idle', () => {
    const trail = new PrimaryTrail();
    trail.record(1, lsn(10), 0);
    trail.record(1, lsn(10), 50_000);
    trail.record(1, lsn(11), 60_000);
    expect(trail.lagMs(1, lsn(10), 60_500)).toBe(500);
  });

  it('still says that a replica is far behind after its missing position was forgotten', () => {
    const trail = new PrimaryTrail();
    for (let second = 0; second <= 600; second++) trail.record(1, lsn(second + 1), second * 1000);
    expect(trail.lagMs(1, lsn(2), 600_000)).toBeGreaterThan(100_000);
    expect(trail.lagMs(1, lsn(600), 600_000)).toBe(0);
  });

  it('takes a replica of an older timeline for hopelessly behind, and starts anew on a new one', () => {
    const trail = new PrimaryTrail();
    trail.record(1, lsn(100), 0);
    trail.record(2, lsn(90), 10_000);
    expect(trail.lagMs(1, lsn(500), 10_100)).toBeGreaterThan(60_000);
    expect(trail.lagMs(2, lsn(90), 10_100)).toBe(0);
    trail.record(2, lsn(95), 10_100);
    expect(trail.lagMs(2, lsn(90), 10_200)).toBe(100);
  });

  it('never gives a negative lag to a clock that jumped back', () => {
    const trail = new PrimaryTrail();
    trail.record(1, lsn(10), 4000);
    trail.record(1, lsn(11), 5000);
    expect(trail.lagMs(1, lsn(10), 1000)).toBe(0);
  });
});
