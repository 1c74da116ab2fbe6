import { describe, expect, it } from '@jest/globals';
import { readOtelEnv } from './otel-env.js';

describe('readOtelEnv', () => {
  it('keeps everything unless told otherwise', () =>
    expect(readOtelEnv({})).toEqual({ disabled: false, ratio: 1 }));
  it.each([
    ['0', 0],
    ['0.25', 0.25],
    ['1', 1],
  ])('takes %s', (text, ratio) => expect(readOtelEnv({ OTEL_TRACES_SAMPLER_ARG: text }).ratio).toBe(ratio));
  it.each(['-0.1', '1.1', 'x', '1%'])('refuses %s', (text) =>
    expect(() => readOtelEnv({ OTEL_TRACES_SAMPLER_ARG: text })).toThrow(
      'OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1',
    ),
  );
  it.each([
    ['true', true],
    ['TRUE', true],
    ['false', false],
    ['1', false],
  ])('is switched off by true alone: %s', (text, disabled) =>
    expect(readOtelEnv({ OTEL_SDK_DISABLED: text }).disabled).toBe(disabled),
  );
});
