import { line, perSecond, type Row } from './panels.js';

const SPANS = 'otel_sdk_processor_span';

export const telemetryRow: Row = {
  title: 'Telemetry',
  charts: [
    {
      title: 'Spans a second',
      about: 'Handed to the exporter. More than expected: the sampling ratio is not what it should be.',
      unit: 'ops',
      lines: [line(perSecond(`${SPANS}_processed_total`, 'instance'), '{{instance}}')],
    },
    {
      title: 'Spans lost a second',
      about: 'The queue was full, or the receiver was away. Posts are not affected; traces have holes.',
      unit: 'ops',
      lines: [line(`${perSecond(`${SPANS}_processed_total{error_type!=""}`)} or vector(0)`, 'lost')],
    },
    {
      title: 'Span queue',
      about: 'The part that is full. At 1 spans are lost.',
      unit: 'percentunit',
      lines: [line(`max by (instance) (${SPANS}_queue_size / ${SPANS}_queue_capacity)`, '{{instance}}')],
    },
  ],
};
