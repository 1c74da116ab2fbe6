import { describe, expect, it } from '@jest/globals';
import { CircuitBreaker } from './circuit-breaker.js';

describe('a circuit breaker', () => {
  let now = 0;
  const opened = (): CircuitBreaker => {
    const breaker = new CircuitBreaker(() => now);
    for (let n = 0; n < 3; n++) breaker.failed();
    return breaker;
  };

  it('opens after three failures in a row, not after three among successes', () => {
    const breaker = new CircuitBreaker(() => now);
    for (let n = 0; n < 10; n++) {
      breaker.failed();
      breaker.failed();
      expect(breaker.allows).toBe(true);
      breaker.succeeded();
    }
    expect(opened().allows).toBe(false);
  });

  it('lets one read a second try, and closes with the first success', () => {
    const breaker = opened();
    now += 1_000;
    expect(breaker.allows).toBe(true);
    breaker.sent();
    expect(breaker.allows).toBe(false);
    breaker.failed();
    now += 999;
    expect(breaker.allows).toBe(false);
    now += 1;
    breaker.sent();
    breaker.succeeded();
    expect(breaker.allows).toBe(true);
    breaker.failed();
    expect(breaker.allows).toBe(true);
  });
});
