import { bringUp } from './bring-up.js';
import type { Layout } from './layout.js';
import { lock } from './lock.js';
import { installMissing } from './packages.js';
import { lastChoice, makePlan, type Plan } from './plan.js';
import { busyPorts, type Counts, freeOffset, portsFor, portTable } from './ports.js';
import { say } from './shell.js';
import { smoke } from './smoke.js';
import { writeStackConfig } from './stack.js';
import { removeStackFile, writeStackFile } from './stack-file.js';
import { stopStack } from './stop.js';
import { processStates, startSupervisor } from './supervisor.js';

export interface StartOptions extends Counts {
  readonly detach: boolean;
  readonly freePorts: boolean;
  readonly port?: number;
  readonly redisCluster?: boolean;
}

/** The fewest that a Redis Cluster can be made of. */
const REDIS_MASTERS = 3;

/**
 * `npm start`: brings the whole stack up and proves it with one post. In the foreground it then stays until
 * Ctrl-C or `npm stop`, and leaves no process behind.
 * @returns the exit code. @throws Error with the reason after everything was stopped again.
 */
export async function start(layout: Layout, options: StartOptions): Promise<number> {
  if ((await processStates(layout)) !== null) {
    const choice = lastChoice(layout);
    const url = choice ? ` at http://127.0.0.1:${portsFor(choice.offset, choice.edgePort).edge}` : '';
    say(`The stack is running already${url}. See npm run status; stop it with npm stop.`);
    return 0;
  }
  const release = lock(layout);
  const abort = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => abort.abort(new Error('Interrupted')));
  }
  try {
    await startReady(await prepare(layout, options), abort.signal);
  } catch (error) {
    if (abort.signal.aborted) return 130;
    throw error;
  } finally {
    release();
  }
  return options.detach ? 0 : stay(layout, abort.signal);
}

/** Starts everything, or nothing: what was started is stopped again when one part fails. */
async function startReady(plan: Plan, signal: AbortSignal): Promise<void> {
  try {
    await startSupervisor(plan.layout);
    await bringUp(plan, signal);
    writeStackFile(plan.layout, (await processStates(plan.layout)) ?? []);
    await smoke(plan);
    signal.throwIfAborted();
  } catch (error) {
    say(signal.aborted ? '\nStopping …' : 'The start failed; stopping what runs …');
    await stopStack(plan.layout);
    if (signal.aborted) say('Stopped; no process is left.');
    throw error;
  }
}

async function prepare(layout: Layout, options: StartOptions): Promise<Plan> {
  // A stack whose supervisor was killed may have left processes.
  await stopStack(layout);
  await installMissing('stack');
  const { gateways, writers, readers, replicas, port, redisCluster } = options;
  const counts: Counts = {
    ...{ gateways, writers, readers, replicas },
    ...(redisCluster ? { redisNodes: REDIS_MASTERS } : {}),
  };
  const offset = options.freePorts ? await freeOffset(counts, port) : 0;
  const busy = await busyPorts(portTable(portsFor(offset, port), counts));
  if (busy.length > 0) {
    const advice = 'Stop what holds them, or use --free-ports (all ports) or --port N (the public one).';
    throw new Error(
      `Nothing was started, because ports are in use:\n${busy.map((line) => `  ${line}`).join('\n')}\n${advice}`,
    );
  }
  const plan = makePlan(layout, { ...counts, offset, ...(port === undefined ? {} : { edgePort: port }) });
  removeStackFile(layout);
  writeStackConfig(plan);
  return plan;
}

/** Waits for Ctrl-C, or for somebody else's `npm stop`. */
async function stay(layout: Layout, signal: AbortSignal): Promise<number> {
  say('Ctrl-C stops everything.');
  while (!signal.aborted && (await processStates(layout)) !== null) {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, 1_000);
      signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
    });
  }
  if (!signal.aborted) {
    say('The stack was stopped from elsewhere.');
    return 0;
  }
  say('\nStopping …');
  await stopStack(layout);
  say('Stopped; no process is left. Data and logs are kept.');
  return 0;
}
