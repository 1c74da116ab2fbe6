import { IncomingMessage } from 'node:http';
import { createNoopMeter } from '@opentelemetry/api';
import { FastifyOtelInstrumentation } from '@fastify/otel';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { IORedisInstrumentation } from '@opentelemetry/instrumentation-ioredis';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { PinoInstrumentation } from '@opentelemetry/instrumentation-pino';
import { RuntimeNodeInstrumentation } from '@opentelemetry/instrumentation-runtime-node';
import { rememberRequestSpan } from './request-span.js';
import { withholdMessages } from './withhold-messages.js';

const TEXT_MAX = 256;
const UNTRACED = /^\/(?:health|metrics)(?:[/?]|$)/;

/** What is traced, and what of it never reaches a span: no parameters, keys, queries or quoted values. */
export function createInstrumentations() {
  return [
    new SilentHttpInstrumentation({
      ignoreIncomingRequestHook: (request) => UNTRACED.test(request.url ?? ''),
      disableOutgoingRequestInstrumentation: true,
      startIncomingSpanHook: ({ url, headers }) => ({
        'url.path': shortened(pathOf(url ?? '')),
        'url.query': undefined,
        'user_agent.original': shortened(headers['user-agent'] ?? ''),
      }),
      requestHook: (span, request) => {
        if (request instanceof IncomingMessage) rememberRequestSpan(request, span);
      },
    }),
    new FastifyOtelInstrumentation({
      registerOnInitialization: true,
      instrumentHooks: false,
      instrumentHandler: false,
      recordExceptions: false,
      ignorePaths: (route) => UNTRACED.test(route.url),
      requestHook: (span, request) => {
        span.setAttribute('url.path', shortened(pathOf(request.url)));
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

const pathOf = (url: string): string => url.split('?', 1)[0] ?? '';
const shortened = (text: string): string => text.slice(0, TEXT_MAX);
