import { describe, expect, it } from '@jest/globals';
import { ERROR_CODES, type ErrorCode } from '@spillway/contracts';
import type { PublishFailure } from '@spillway/messaging';
import { refusalOf } from './refusal-of.js';

describe('refusalOf', () => {
  const table: readonly [PublishFailure, ErrorCode, number][] = [
    ['unavailable', 'broker_unavailable', 503],
    ['blocked', 'broker_unavailable', 503],
    ['full', 'too_many_unconfirmed', 503],
    ['unroutable', 'broker_rejected', 503],
    ['rejected', 'broker_rejected', 503],
    ['unknown', 'confirm_timeout', 504],
  ];
  it.each(table)('answers %s with %s, %s', (failure, code, status) => {
    const refusal = refusalOf({ failure, message: 'the broker is away' });
    expect(refusal.code).toBe(code);
    expect(ERROR_CODES[code].status).toBe(status);
    expect(refusal.retryAfterSeconds).toBeGreaterThanOrEqual(1);
    expect(refusal.detail).toMatch(/^The broker is away\. /);
  });

  it.each(table)('says of %s whether it may have taken effect', (failure) => {
    const { detail } = refusalOf({ failure, message: 'no' });
    if (failure === 'unknown') {
      expect(detail).toContain('is unknown');
      expect(detail).toContain('PUT and the same id');
    } else expect(detail).toContain('not accepted and has no effect');
  });
});
