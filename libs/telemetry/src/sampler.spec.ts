import { describe, expect, it } from '@jest/globals';
import {
  ROOT_CONTEXT,
  SamplingDecision,
  SpanKind,
  trace,
  TraceFlags,
  type Context,
} from '@opentelemetry/api';
import fc from 'fast-check';
import { createSampler } from './sampler.js';

const LOW = 'f'.repeat(19) + '0000000000001';
const HIGH = '0'.repeat(19) + 'fffffffffffff';
const SPAN = 'b7ad6b7169203331';

const parent = (traceId: string, sampled: boolean, isRemote: boolean): Context =>
  trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId: SPAN,
    traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote,
  });
const link = (sampled: boolean) => ({
  context: { traceId: HIGH, spanId: SPAN, traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE },
});
const keeps = (
  ratio: number,
  context: Context,
  traceId: string,
  links = [] as ReturnType<typeof link>[],
): boolean =>
  createSampler(ratio).shouldSample(context, traceId, 'x', SpanKind.SERVER, {}, links).decision ===
  SamplingDecision.RECORD_AND_SAMPLED;

describe('createSampler', () => {
  it.each([
    ['a root below the ratio', 0.5, ROOT_CONTEXT, LOW, [], true],
    ['a root above the ratio', 0.5, ROOT_CONTEXT, HIGH, [], false],
    ['any root at 1', 1, ROOT_CONTEXT, HIGH, [], true],
    ['no root at 0', 0, ROOT_CONTEXT, LOW, [], false],
    ['a remote parent that wants it, above the ratio', 0.5, parent(HIGH, true, true), HIGH, [], false],
    ['a remote parent that wants it, at 0', 0, parent(LOW, true, true), LOW, [], false],
    ['a remote parent that does not, below the ratio', 0.5, parent(LOW, false, true), LOW, [], true],
    ['a local parent that is kept', 0, parent(HIGH, true, false), HIGH, [], true],
    ['a local parent that is not', 1, parent(LOW, false, false), LOW, [], false],
    ['a batch with one sampled message', 0, ROOT_CONTEXT, HIGH, [link(false), link(true)], true],
    ['a batch without', 0, ROOT_CONTEXT, LOW, [link(false), link(false)], false],
  ])('%s', (_name, ratio, context, traceId, links, kept) =>
    expect(keeps(ratio, context, traceId, links)).toBe(kept),
  );

  it('decides alike in every process, and never drops what a lower ratio keeps', () => {
    const hex = fc.stringMatching(/^[0-9a-f]{32}$/).filter((id) => !/^0+$/.test(id));
    fc.assert(
      fc.property(
        hex,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (id, a, b) => {
          expect(keeps(a, parent(id, false, true), id)).toBe(keeps(a, ROOT_CONTEXT, id));
          if (a <= b && keeps(a, ROOT_CONTEXT, id)) expect(keeps(b, ROOT_CONTEXT, id)).toBe(true);
        },
      ),
    );
  });

  it('keeps about its part of random traces', () => {
    const ids = Array.from({ length: 20_000 }, () =>
      Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('hex'),
    );
    const kept = ids.filter((id) => keeps(0.1, ROOT_CONTEXT, id)).length;
    expect(kept).toBeGreaterThan(1700);
    expect(kept).toBeLessThan(2300);
  });
});
