import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { startTcpProxy, type TcpProxy } from '@spillway/testing';
import { byAnswer, summary } from '../durations.js';
import { changeEnvironment } from '../environment.js';
import type { Fault, FaultContext } from '../fault.js';

const HOLD_MS = 8_000;
/** At most this share of the former rate may be lost. */
const CHANGE_MAX = 0.05;
const KEY = 'OTEL_EXPORTER_OTLP_ENDPOINT';
let collector: TcpProxy | undefined;
let restore: (() => void) | undefined;
let unblock: (() => void) | undefined;

/** Nobody takes the spans, then nobody reads the logs: posts must not notice either. */
export const telemetryStuck: Fault = {
  id: 'F24',
  title: 'telemetry collector black hole, blocked log pipe',
  how: 'proxy; SIGSTOP of what reads the logs',
  async prepare({ stack, components }) {
    const apps = appsOf(stack);
    const proxy = (collector = await startTcpProxy({
      target: { port: collectorPort(stack.dir, apps[0] ?? '') },
    }));
    restore = changeEnvironment(stack.dir, apps, () => ({ [KEY]: `http://127.0.0.1:${proxy.port}` }));
    for (const role of ['gateway', 'writer', 'reader'] as const) await components.bounceAll(role);
  },
  async run(context) {
    const { components, injected, healed, hold, expect, note } = context;
    const memory = components.memory();
    const before = await rateOf(context);
    injected();
    collector?.silence();
    const blackHole = await rateOf(context);
    await collector?.pass();
    unblock = blockLogs(context);
    const blocked = await rateOf(context);
    unblock();
    unblock = undefined;
    healed();
    note(
      `accepted a second: ${before.toFixed(1)} before, ${blackHole.toFixed(1)} without a collector, ${blocked.toFixed(1)} with blocked logs`,
    );
    for (const [how, rate] of [
      ['the collector is silent', blackHole],
      ['the log pipe is blocked', blocked],
    ] as const)
      expect(
        rate >= before * (1 - CHANGE_MAX),
        `${how}: at most 5 % less (${rate.toFixed(1)} of ${before.toFixed(1)} a second)`,
      );
    const grown = [...components.memory()].filter(([name, mib]) => mib - (memory.get(name) ?? mib) > 150);
    expect(
      grown.length === 0,
      `no process grew by more than 150 MiB (${grown.map(([name]) => name).join(', ')})`,
    );
    await hold(500);
    await components.allReady();
  },
  async cleanUp({ components }) {
    unblock?.();
    unblock = undefined;
    restore?.();
    restore = undefined;
    await collector?.pass();
    for (const role of ['gateway', 'writer', 'reader'] as const) await components.bounceAll(role);
    await collector?.stop();
    collector = undefined;
  },
};

const appsOf = (stack: FaultContext['stack']): string[] =>
  (['gateway', 'writer', 'reader'] as const).flatMap((role) => stack.ofRole(role).map(({ name }) => name));

function collectorPort(stackDir: string, app: string): number {
  const line = readFileSync(`${stackDir}/env/${app}.env`, 'utf8')
    .split('\n')
    .find((l) => l.startsWith(`${KEY}=`));
  const port = Number(/:(\d+)/.exec(line?.slice(KEY.length + 1).replace('http:', '') ?? '')?.[1]);
  if (!Number.isInteger(port)) throw new Error(`${app} is told no collector`);
  return port;
}

/** Posts accepted a second over a while; all that was sent must have been. */
async function rateOf({ history, hold, expect }: FaultContext): Promise<number> {
  const from = Date.now();
  await hold(HOLD_MS);
  const to = Date.now();
  const sent = history.sentBetween(from, to - 1_000);
  expect(
    byAnswer(sent).accepted.length >= sent.length * (1 - CHANGE_MAX),
    `posts were accepted (${summary(sent)})`,
  );
  return history.acceptedRate(from, to);
}

/** Stops what reads the apps' output, and fills their pipes. @returns a function that lets it read again. */
function blockLogs({ stack }: FaultContext): () => void {
  const pids = appsOf(stack).map((name) => stack.one(name).pid);
  const supervisor = Number(
    /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pids[0] ?? 0}/status`, 'utf8'))?.[1],
  );
  if (!(supervisor > 1)) throw new Error('what reads the logs is not found');
  process.kill(supervisor, 'SIGSTOP');
  for (const pid of pids) fill(`/proc/${pid}/fd/1`);
  return () => process.kill(supervisor, 'SIGCONT');
}

function fill(pipe: string): void {
  const fd = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
  try {
    for (let n = 0; n < 100_000; n++) writeSync(fd, '\n'.repeat(n < 1_000 ? 1_024 : 1));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
  } finally {
    closeSync(fd);
  }
}
