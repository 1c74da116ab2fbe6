import { IncomingMessage } from 'node:http';
import { createNoopMeter, type Span } from '@opentelemetry/api';
import { FastifyOtelInstrumentation } from '@fastify/otel';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { IORedisInstrumentation } from '@opentelemetry/instrumentation-ioredis';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { PinoInstrumentation } from '@opentelemetry/instrumentation-pino';
import { RuntimeNodeInstrumentation } from '@opentelemetry/instrumentation-runtime-node';
import { rememberRequestSpan } from './request-span.js';

const UNTRACED = /^\/(?:health|metrics)(?:[/?]|$)/;

/** What is traced, and what of it never reaches a span: no parameters, keys, queries or quoted values. */
export function createInstrumentations() {
  return [
    new SilentHttpInstrumentation({
      ignoreIncomingRequestHook: (request) => UNTRACED.test(request.url ?? ''),
      disableOutgoingRequestInstrumentation: true,
      requestHook: (span, request) => {
        if (!(request instanceof IncomingMessage)) return;
        rememberRequestSpan(request, span);
        if (request.url?.includes('?')) span.setAttribute('url.query', 'withheld');
      },
    }),
    new FastifyOtelInstrumentation({
      registerOnInitialization: true,
      instrumentHooks: false,
      instrumentHandler: false,
      recordExceptions: false,
      ignorePaths: (route) => UNTRACED.test(route.url),
      requestHook: (span, request) => {
        span.setAttribute('url.path', pathOf(request.url));
        withholdMessages(span);
      },
    }),
    new PgInstrumentation({
      requireParentSpan: true,
      ignoreConnectSpans: true,
      enhancedDatabaseReporting: false,
      requestHook: withholdMessages,
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

/** Measures nothing: libs/http owns `http_server_request_duration`, and this one's would have the same name. */
class SilentHttpInstrumentation extends HttpInstrumentation {
  override setMeterProvider(): void {
    super.setMeterProvider({ getMeter: createNoopMeter });
  }
}

/** A server's error message may quote the value it refused; the span keeps that it failed, not the words. */
function withholdMessages(span: Span): void {
  const setStatus = span.setStatus.bind(span);
  span.setStatus = ({ code }) => setStatus({ code });
}

const pathOf = (url: string): string => url.split('?', 1)[0] ?? '';
