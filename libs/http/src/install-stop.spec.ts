import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';

const project = dirname(dirname(fileURLToPath(import.meta.url)));
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const children: ChildProcess[] = [];

/** A process that stops by `stop`, an expression, and its log from the line "ready" on. */
async function start(stop: string, more = '') {
  const script = `
    import { HealthRegistry } from '@spillway/health';
    import { installStop } from '@spillway/http';
    import { createLogger } from '@spillway/telemetry';
    const logger = createLogger({ service: 'stopper', instance: 'stopper-1', level: 'info' });
    const health = new HealthRegistry();
    installStop({ logger, graceMs: 300, delayMs: 50, health, stop: ${stop} });
    setInterval(() => undefined, 1000);
    logger.info({}, 'ready');
    ${more}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: project,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines: Record<string, unknown>[] = [];
  const reader = createInterface({ input: child.stdout });
  // The last line may be read after the process is gone.
  const read = once(reader, 'close');
  const exited = (once(child, 'close') as Promise<[number | null, string | null]>).then(async (how) => {
    await read;
    return how;
  });
  const said = (message: string) =>
    new Promise<void>((resolve) =>
      reader.on('line', (line) => line.includes(`"msg":"${message}"`) && resolve()),
    );
  reader.on('line', (line) => lines.push(JSON.parse(line) as Record<string, unknown>));
  await said('ready');
  return { child, exited, said, log: () => lines.map(({ msg }) => msg), lines };
}

describe('installStop', () => {
  // The processes run what is built, as in production.
  beforeAll(() => void execFileSync(process.execPath, [tsc, '-b', project]), 120_000);
  afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')));

  it('stops in order and exits 0', async () => {
    const { child, exited, log } = await start(
      `async () => { const { ready } = await health.report(); logger.info({}, 'ready is ' + ready); }`,
    );
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    expect(log()).toEqual(['ready', 'stopping', 'ready is false', 'stopped']);
  });

  it('exits 1 when the grace is over, and says what was not finished', async () => {
    const { child, exited, lines } = await start(
      `async (step) => { step('http'); step('publisher'); await new Promise(() => undefined); }`,
    );
    child.kill('SIGINT');
    expect(await exited).toEqual([1, null]);
    expect(lines.at(-1)).toMatchObject({ level: 'error', unfinished: 'publisher' });
  });

  it('exits 1 when stopping fails', async () => {
    const { child, exited, lines } = await start(`async () => { throw new Error('no') }`);
    child.kill('SIGTERM');
    expect(await exited).toEqual([1, null]);
    expect(lines.at(-1)).toMatchObject({ msg: 'stopping failed', err: { message: 'no' } });
  });

  it('exits at once at the second signal', async () => {
    const { child, exited, said, log } = await start('() => new Promise(() => undefined)');
    const stopping = said('stopping');
    child.kill('SIGTERM');
    await stopping;
    child.kill('SIGTERM');
    expect(await exited).toEqual([1, null]);
    expect(log()).not.toContain('stopped');
  });

  it.each([
    ['a rejection', `void Promise.reject(new Error('forgotten'));`],
    ['a throw', `setImmediate(() => { throw new Error('forgotten'); });`],
  ])('logs %s nobody handled and exits 1', async (_name, more) => {
    const { exited, lines } = await start('async () => undefined', more);
    expect(await exited).toEqual([1, null]);
    expect(lines.at(-1)).toMatchObject({ level: 'error', err: { message: 'forgotten' } });
  });
});
