import { createHash } from 'node:crypto';
import type { JobTimeline } from '@spillway/contracts';

type Value = string | number;

interface Bar {
  readonly name: string;
  readonly from: string;
  readonly until: string;
  readonly attributes: Readonly<Record<string, Value | null>>;
}

/** OTLP's JSON form of traces (opentelemetry-proto, "JSON Protobuf Encoding"), as far as it is used here. */
export interface OtlpTraces {
  readonly resourceSpans: readonly object[];
}

const INTERNAL = 1;

/**
 * The timeline as spans that Jaeger's page opens. In the trace of the post, or in one of the command's own id where
 * that is not known. Spans have a resource of their own: they were not measured, but told from what is stored.
 */
export function toOtlp(timeline: JobTimeline, now: number): OtlpTraces {
  const traceId = timeline.traceId ?? timeline.commandId.replaceAll('-', '');
  const root = barOfJob(timeline, now);
  const spans = [root, ...barsOf(timeline, now)].map((bar, place) => ({
    traceId,
    spanId: spanId(timeline.commandId, place),
    ...(place === 0 ? {} : { parentSpanId: spanId(timeline.commandId, 0) }),
    name: bar.name,
    kind: INTERNAL,
    startTimeUnixNano: nanos(bar.from),
    endTimeUnixNano: nanos(bar.until),
    attributes: attributes(bar.attributes),
    ...(place === 0 && timeline.outcome === 'failed'
      ? { status: { code: 2, message: timeline.error?.code } }
      : {}),
  }));
  const resource = { attributes: attributes({ 'service.name': 'spillway-timeline' }) };
  return { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'spillway' }, spans }] }] };
}

function barOfJob(timeline: JobTimeline, now: number): Bar {
  const last = [timeline.endedAt, ...timeline.visible.map(({ by }) => by)]
    .filter((at) => at !== null)
    .sort()
    .at(-1);
  return {
    name: `job ${timeline.kind}`,
    from: timeline.acceptedAt,
    until: latest(timeline.acceptedAt, last ?? new Date(now).toISOString()),
    attributes: {
      'app.job_id': timeline.jobId,
      'app.post_id': timeline.postId,
      'app.outcome': timeline.outcome,
      'app.error_code': timeline.error?.code ?? null,
      'app.queue_wait_ms': timeline.queueWaitMs,
    },
  };
}

function barsOf({ waits, batch, visible, deadLetters, changes }: JobTimeline, now: number): Bar[] {
  const bars: Bar[] = waits.map((wait) => ({
    name: `wait ${wait.for}`,
    from: wait.from,
    until: wait.until ?? new Date(now).toISOString(),
    attributes: {},
  }));
  if (batch) {
    const committed = batch.committedAt ?? batch.appliedAt;
    const { id, writer, lane, attempt, held, position } = batch;
    bars.push({
      name: 'batch',
      from: batch.startedAt,
      until: latest(batch.startedAt, committed),
      attributes: {
        'app.batch_id': id,
        'app.writer': writer,
        'app.lane': lane,
        'app.attempt': attempt,
        'app.held': held,
        'app.position': position && `${position.shard}:${position.timeline}:${position.lsn}`,
      },
    });
    for (const { replica, by } of visible)
      bars.push({
        name: `visible on ${replica}`,
        from: committed,
        until: latest(committed, by),
        attributes: {},
      });
  }
  for (const { actions, reason } of deadLetters)
    for (const { action, who, why, at, result, endedAt } of actions)
      bars.push({
        name: `dead letter ${action}`,
        from: at,
        until: latest(at, endedAt ?? at),
        attributes: { 'app.reason': reason, 'app.who': who, 'app.why': why, 'app.result': result },
      });
  for (const { field, commandId, at } of changes)
    if (at !== null)
      bars.push({
        name: `change ${field}`,
        from: at,
        until: at,
        attributes: { 'app.command_id': commandId },
      });
  return bars;
}

/** A span that ends before it begins is drawn by nobody. */
const latest = (a: string, b: string): string => (a > b ? a : b);

const nanos = (at: string): string => `${Date.parse(at)}000000`;

const spanId = (commandId: string, place: number): string =>
  createHash('sha256').update(`${commandId} ${place}`).digest('hex').slice(0, 16);

const attributes = (values: Readonly<Record<string, Value | null>>): object[] =>
  Object.entries(values).flatMap(([key, value]) =>
    value === null
      ? []
      : [{ key, value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value } }],
  );
