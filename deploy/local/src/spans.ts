/** A received span as the trace viewer stores it: one JSON line. */
export interface SpanRecord {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: string;
  readonly service: string;
  /** Decimal nanoseconds since 1970: beyond what a JSON number holds. */
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status: string;
  /** Words of the status, empty when it has none. */
  readonly statusMessage: string;
  readonly events: readonly {
    readonly name: string;
    readonly attributes: Readonly<Record<string, unknown>>;
  }[];
}

type Id = Uint8Array | string | null | undefined;
type AnyValue = Readonly<Record<string, unknown>>;
interface Attribute {
  readonly key: string;
  readonly value?: AnyValue | null;
}
interface OtlpSpan {
  readonly traceId?: Id;
  readonly spanId?: Id;
  readonly parentSpanId?: Id;
  readonly name?: string;
  readonly kind?: number | string;
  readonly startTimeUnixNano?: unknown;
  readonly endTimeUnixNano?: unknown;
  readonly attributes?: readonly Attribute[];
  readonly links?: readonly { readonly traceId?: Id; readonly spanId?: Id }[];
  readonly status?: { readonly code?: number | string; readonly message?: string } | null;
  readonly events?: readonly { readonly name?: string; readonly attributes?: readonly Attribute[] }[];
}
interface OtlpRequest {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: readonly Attribute[] };
    readonly scopeSpans?: readonly { readonly spans?: readonly OtlpSpan[] }[];
  }[];
}

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const STATUS = ['UNSET', 'OK', 'ERROR'];

/** The spans of one OTLP export request, decoded from protobuf or from JSON. */
export function spanRecords(request: unknown): SpanRecord[] {
  return ((request as OtlpRequest).resourceSpans ?? []).flatMap(({ resource, scopeSpans }) => {
    const { 'service.name': name } = attributes(resource?.attributes);
    const service = typeof name === 'string' ? name : '';
    return (scopeSpans ?? []).flatMap(({ spans }) => (spans ?? []).map((span) => record(span, service)));
  });
}

const record = (span: OtlpSpan, service: string): SpanRecord => ({
  traceId: hex(span.traceId),
  spanId: hex(span.spanId),
  parentSpanId: hex(span.parentSpanId),
  name: span.name ?? '',
  kind: KINDS[Number(span.kind ?? 0)] ?? String(span.kind),
  service,
  startTimeUnixNano: String(span.startTimeUnixNano),
  endTimeUnixNano: String(span.endTimeUnixNano),
  attributes: attributes(span.attributes),
  links: (span.links ?? []).map((link) => ({ traceId: hex(link.traceId), spanId: hex(link.spanId) })),
  status: STATUS[Number(span.status?.code ?? 0)] ?? String(span.status?.code),
  statusMessage: span.status?.message ?? '',
  events: (span.events ?? []).map((event) => ({
    name: event.name ?? '',
    attributes: attributes(event.attributes),
  })),
});

const hex = (id: Id): string => (typeof id === 'string' ? id : Buffer.from(id ?? []).toString('hex'));

const attributes = (list: readonly Attribute[] | undefined): Record<string, unknown> =>
  Object.fromEntries((list ?? []).map(({ key, value }) => [key, plain(value)]));

/** An OTLP AnyValue as JSON; whole numbers beyond 2^53 lose precision, which no attribute of ours has. */
function plain(value: AnyValue | null | undefined): unknown {
  const [kind, content] = Object.entries(value ?? {}).find(([key]) => key.endsWith('Value')) ?? [];
  if (kind === 'intValue') return Number(String(content));
  if (kind === 'arrayValue') return ((content as { values?: AnyValue[] }).values ?? []).map(plain);
  if (kind === 'kvlistValue') return attributes((content as { values?: Attribute[] }).values);
  return content ?? null;
}
