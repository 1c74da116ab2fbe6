import { IORedisInstrumentation } from '@opentelemetry/instrumentation-ioredis';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { PinoInstrumentation } from '@opentelemetry/instrumentation-pino';
import { RuntimeNodeInstrumentation } from '@opentelemetry/instrumentation-runtime-node';
import { countRows, describeStatement } from './describe-statement.js';
import { withholdMessages } from './withhold-messages.js';

/**
 * What is traced besides requests (`startRequestTrace`) and messages (libs/messaging), and what of it never
 * reaches a span: no parameters, keys, queries or quoted values.
 */
export function createInstrumentations() {
  return [
    new PgInstrumentation({
      requireParentSpan: true,
      ignoreConnectSpans: true,
      enhancedDatabaseReporting: false,
      requestHook: describeStatement,
      responseHook: countRows,
    }),
    new IORedisInstrumentation({
      requireParentSpan: true,
      dbStatementSerializer: (command) => command,
      requestHook: withholdMessages,
    }),
    new PinoInstrumentation({
      disableLogSending: true,
      logKeys: { traceId: 'traceId', spanId: 'spanId', traceFlags: 'traceFlags' },
    }),
    new RuntimeNodeInstrumentation(),
  ];
}
