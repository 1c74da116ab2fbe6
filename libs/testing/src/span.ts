/** A span as tests see it, whatever OTLP flavour it came in. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Null for a root. */
  readonly parentSpanId: string | null;
  readonly name: string;
  readonly kind: 'INTERNAL' | 'SERVER' | 'CLIENT' | 'PRODUCER' | 'CONSUMER' | 'UNSPECIFIED';
  /** `service.name` of its resource. */
  readonly service: string;
  readonly startTimeUnixNano: bigint;
  readonly endTimeUnixNano: bigint;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status: 'UNSET' | 'OK' | 'ERROR';
}

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'] as const;
const STATUSES = ['UNSET', 'OK', 'ERROR'] as const;

/** Reads one span of JSON: enums as numbers, as `SPAN_KIND_SERVER` or as `SERVER`; times as text or number. */
export function toReceivedSpan(raw: unknown, service: string): ReceivedSpan {
  const span = record(raw);
  return {
    traceId: text(span['traceId']),
    spanId: text(span['spanId']),
    parentSpanId: text(span['parentSpanId']) || null,
    name: text(span['name']),
    kind: member(KINDS, span['kind'], 'SPAN_KIND_'),
    service: text(span['service']) || service,
    startTimeUnixNano: nanos(span['startTimeUnixNano']),
    endTimeUnixNano: nanos(span['endTimeUnixNano']),
    attributes: record(span['attributes']),
    links: list(span['links']).map((link) => ({
      traceId: text(record(link)['traceId']),
      spanId: text(record(link)['spanId']),
    })),
    status: member(STATUSES, statusCode(span['status']), 'STATUS_CODE_'),
  };
}

const statusCode = (status: unknown): unknown =>
  typeof status === 'object' && status !== null ? (status as Record<string, unknown>)['code'] : status;

function member<T extends string>(names: readonly [T, ...T[]], value: unknown, prefix: string): T {
  if (typeof value === 'number') return names[value] ?? names[0];
  const name = text(value).replace(prefix, '');
  return names.find((n) => n === name) ?? names[0];
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
const nanos = (value: unknown): bigint =>
  typeof value === 'string' || typeof value === 'number' ? BigInt(value) : 0n;
