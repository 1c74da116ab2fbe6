import type { ReceivedSpan } from '@spillway/testing';

/** Every span that was received of some traces, by trace. */
export type Traces = ReadonlyMap<string, readonly ReceivedSpan[]>;

interface Rule {
  readonly name: RegExp;
  readonly kind: ReceivedSpan['kind'];
  readonly service: string;
  /** Name of the parent; null for a root, `caller` for the span that the request named. */
  readonly parent: RegExp | null | 'caller';
  readonly attributes: Readonly<Record<string, 'string' | 'number' | 'boolean' | number>>;
}

const SERVER = /^(?:POST|PUT|PATCH|DELETE|GET) \/v1\/posts/;
const SEND = /^send posts$/;
const PROCESS = /^process posts\./;
const PERSIST = /^post\.persist$/;
const BATCH = /^posts\.batch write$/;

/** The spans of a write, as docs/tracing.md has them. */
export const WRITE_RULES: readonly Rule[] = [
  {
    name: SERVER,
    kind: 'SERVER',
    service: 'spillway-gateway',
    parent: 'caller',
    attributes: { 'http.route': 'string', 'http.response.status_code': 202, 'app.tenant': 'string' },
  },
  {
    name: SEND,
    kind: 'PRODUCER',
    service: 'spillway-gateway',
    parent: SERVER,
    attributes: {
      'messaging.system': 'string',
      'messaging.destination.name': 'string',
      'messaging.message.id': 'string',
    },
  },
  {
    name: PROCESS,
    kind: 'CONSUMER',
    service: 'spillway-writer',
    parent: SEND,
    attributes: {
      'app.queue_wait_ms': 'number',
      'app.redelivered': 'boolean',
      'app.delivery_count': 'number',
      'messaging.message.id': 'string',
    },
  },
  {
    name: PERSIST,
    kind: 'INTERNAL',
    service: 'spillway-writer',
    parent: PROCESS,
    attributes: { 'app.outcome': 'string', 'app.batch_size': 'number', 'app.commit_lag_ms': 'number' },
  },
];

/** The spans of a batch, in a trace of its own. */
export const BATCH_RULES: readonly Rule[] = [
  {
    name: BATCH,
    kind: 'INTERNAL',
    service: 'spillway-writer',
    parent: null,
    attributes: { 'messaging.batch.message_count': 'number', 'app.attempt': 'number' },
  },
  {
    name: /^COMMIT$/,
    kind: 'CLIENT',
    service: 'spillway-writer',
    parent: BATCH,
    attributes: { 'db.query.text': 'string' },
  },
];

/** Of a batch that holds new posts. */
export const INSERT_RULE: Rule = {
  name: /^INSERT posts$/,
  kind: 'CLIENT',
  service: 'spillway-writer',
  parent: BATCH,
  attributes: { 'app.rows': 'number', 'db.query.text': 'string' },
};

/** The spans of a read; the cache has one where it was asked. */
export const READ_RULES: readonly Rule[] = [
  {
    name: /^GET \/v1\/posts/,
    kind: 'SERVER',
    service: 'spillway-reader',
    parent: 'caller',
    attributes: { 'http.response.status_code': 200, 'app.tenant': 'string', 'app.served_by': 'string' },
  },
];

/** What is wrong with the spans of one trace: kinds, parents, attributes, and rules that no span answers to. */
export function faultsOf(spans: readonly ReceivedSpan[], rules: readonly Rule[], caller: string): string[] {
  const missing = rules.filter(({ name }) => !spans.some((span) => name.test(span.name)));
  const wrong = spans.flatMap((span) => {
    const rule = rules.find(({ name }) => name.test(span.name));
    const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
    if (!rule) return parent ? [] : [`${span.name} is an orphan`];
    return [
      ...(span.kind === rule.kind ? [] : [`${span.name} is ${span.kind}`]),
      ...(span.service === rule.service ? [] : [`${span.name} is of ${span.service}`]),
      ...(isBelow(span, parent, rule.parent, caller) ? [] : [`${span.name} is below ${parent?.name}`]),
      ...Object.entries(rule.attributes)
        .filter(([key, wanted]) => !answers(span.attributes[key], wanted))
        .map(([key]) => `${span.name} has ${key} = ${JSON.stringify(span.attributes[key])}`),
      ...(span.endTimeUnixNano >= span.startTimeUnixNano ? [] : [`${span.name} ends before it starts`]),
    ];
  });
  return [...missing.map(({ name }) => `no span ${name.source}`), ...wrong];
}

/** What is wrong with the links between the posts of a trace and their batches. */
export function linkFaultsOf(spans: readonly ReceivedSpan[], batches: Traces): string[] {
  return spans
    .filter(({ name }) => PERSIST.test(name))
    .flatMap((persist) => {
      const [link, ...more] = persist.links;
      if (!link || more.length > 0) return [`post.persist has ${persist.links.length} links`];
      const batch = batches.get(link.traceId)?.find(({ spanId }) => spanId === link.spanId);
      if (!batch) return ['post.persist leads to a batch that was not received'];
      const back = batch.links.some(({ spanId }) => spanId === persist.parentSpanId);
      const count = batch.attributes['messaging.batch.message_count'];
      return [
        ...(back ? [] : ['the batch has no link back']),
        ...(typeof count === 'number' && batch.links.length <= count
          ? []
          : [`${batch.links.length} links of ${String(count)}`]),
        ...(count === persist.attributes['app.batch_size'] ? [] : ['the batch is of another size']),
      ];
    });
}

/** Outcomes of the posts of a trace, in the order in which they were written. */
export const outcomesOf = (spans: readonly ReceivedSpan[] | undefined): string[] =>
  (spans ?? [])
    .filter(({ name }) => PERSIST.test(name))
    .map(({ attributes }) => String(attributes['app.outcome']));

/** Traces of the batches that a trace's posts were written in. */
export const batchTracesOf = (spans: readonly ReceivedSpan[]): string[] =>
  spans.filter(({ name }) => PERSIST.test(name)).flatMap(({ links }) => links.map(({ traceId }) => traceId));

function isBelow(
  span: ReceivedSpan,
  parent: ReceivedSpan | undefined,
  wanted: Rule['parent'],
  caller: string,
): boolean {
  if (wanted === null) return span.parentSpanId === null;
  if (wanted === 'caller') return span.parentSpanId === caller;
  return parent !== undefined && wanted.test(parent.name);
}

const answers = (value: unknown, wanted: Rule['attributes'][string]): boolean =>
  typeof wanted === 'number' ? value === wanted : typeof value === wanted;
