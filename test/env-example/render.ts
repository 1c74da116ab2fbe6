/**
 * Prints `.env.example`, or with `--write` replaces it, by asking every compiled process what it reads.
 * A process of its own, and processes it starts: nothing of the apps is imported.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

interface Asked {
  readonly title: string;
  /** Compiled entry of an app and arguments that lead it to its configuration. */
  readonly command: readonly [string, ...string[]];
}

const ROOT = join(import.meta.dirname, '../..');
const PRELOAD = join(import.meta.dirname, 'print-config.ts');
const DEADLINE_MS = 60_000;

const PROCESSES: readonly Asked[] = [
  { title: 'gateway', command: ['apps/gateway/dist/main.js'] },
  { title: 'writer', command: ['apps/writer/dist/main.js'] },
  { title: 'reader', command: ['apps/reader/dist/main.js'] },
  { title: 'cli migrate', command: ['apps/cli/dist/main.js', 'migrate'] },
  { title: 'cli topology', command: ['apps/cli/dist/main.js', 'topology'] },
  { title: 'cli token', command: ['apps/cli/dist/main.js', 'token', '--tenant', 't', '--sub', 's'] },
  {
    title: 'cli token --revoke',
    command: ['apps/cli/dist/main.js', 'token', '--tenant', 't', '--revoke', 'j'],
  },
  {
    title: 'cli dead-letters',
    command: ['apps/cli/dist/main.js', 'dead-letters', 'replay', '--all', '--why', 'x'],
  },
  { title: 'cli load', command: ['apps/cli/dist/main.js', 'load', 'file'] },
];

const HEAD = `# Every environment variable that Spillway reads, by process. Generated from the code: npm run env-example.
# A process takes one section; its file is given to it with \`node --env-file=\`. Values shown are the defaults,
# variables without a default are marked as required, and secrets stay empty here.
`;

/** Read by the OpenTelemetry SDK itself and by libs/telemetry/src/otel-env.ts, not through libs/config. */
const TELEMETRY = `## telemetry (gateway, writer and reader; the standard names of OpenTelemetry, all optional)

# Name of the service in traces
OTEL_SERVICE_NAME=spillway-gateway

# Where spans are sent (OTLP over HTTP)
OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318
OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf

# Part of all traces that is kept, 0 to 1
OTEL_TRACES_SAMPLER_ARG=1

# A batch of the writer links to every sampled post in it: at least BATCH_MAX_COMMANDS
OTEL_SPAN_LINK_COUNT_LIMIT=1024

# Spans that wait for sending, and how they are sent
OTEL_BSP_MAX_QUEUE_SIZE=16384
OTEL_BSP_MAX_EXPORT_BATCH_SIZE=1024
OTEL_BSP_SCHEDULE_DELAY=1000

# Metrics of the tracing itself: spans that were processed, and those that were lost
OTEL_NODE_EXPERIMENTAL_SDK_METRICS=true

# Logs go to stdout and metrics are scraped, so neither is exported
OTEL_LOGS_EXPORTER=none
OTEL_METRICS_EXPORTER=none
OTEL_NODE_RESOURCE_DETECTORS=env

# true loads no telemetry at all
OTEL_SDK_DISABLED=false
`;

/** @throws Error when a process did not come to the point of reading its configuration. */
function ask({ title, command: [entry, ...args] }: Asked): string {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', PRELOAD, join(ROOT, entry), ...args],
    { encoding: 'utf8', timeout: DEADLINE_MS },
  );
  const [heading = '', ...lines] = stdout.split('\n');
  if (status !== 0 || heading.trim() !== '##') {
    throw new Error(
      `${entry} did not say what it reads (is it built? npm run build). ${stderr.slice(0, 500)}`,
    );
  }
  return [`## ${title}`, ...lines].join('\n');
}

const text = [HEAD, ...PROCESSES.map(ask), TELEMETRY].join('\n');
if (process.argv.includes('--write')) {
  const file = join(ROOT, '.env.example');
  writeFileSync(file, text);
  process.stderr.write(`Wrote ${relative(process.cwd(), file)}\n`);
} else {
  process.stdout.write(text);
}
