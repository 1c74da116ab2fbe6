import { awaitApps, isApp } from './bring-up.js';
import type { Layout } from './layout.js';
import { lock } from './lock.js';
import { type Choice, lastChoice, makePlan } from './plan.js';
import { busyPorts, portTable } from './ports.js';
import { run, say } from './shell.js';
import { stackComponents, writeStackConfig } from './stack.js';
import { writeStackFile } from './stack-file.js';
import { processStates, reloadPrograms, signalProcess, startProcesses } from './supervisor.js';

const COUNT_OF = { gateway: 'gateways', writer: 'writers', reader: 'readers' } as const;
const INSTANCES_MAX = 50;

/**
 * `npm run scale -- writer=4 reader=2`: adds or removes processes while the rest goes on. New ones are ready
 * before the edge sends them anything; the edge forgets old ones before they stop.
 */
export async function scale(layout: Layout, wishes: readonly string[]): Promise<void> {
  const before = lastChoice(layout);
  const states = await processStates(layout);
  if (states === null || before === null)
    throw new Error('The stack is not running, so nothing was scaled. Start it with npm start.');
  const after: Choice = { ...before, ...Object.fromEntries(wishes.map(parseWish)) };
  const release = lock(layout);
  try {
    await refuseBusyPorts(layout, before, after);
    await change(layout, before, after);
  } catch (error) {
    // Back to what ran: the new processes are ended, the old ones were not touched.
    writeStackConfig(makePlan(layout, before));
    await reloadPrograms(layout);
    throw error;
  } finally {
    release();
  }
  say(`Now ${after.gateways} gateways, ${after.writers} writers, ${after.readers} readers.`);
}

async function change(layout: Layout, before: Choice, after: Choice): Promise<void> {
  const old = new Set(stackComponents(makePlan(layout, before)).map(({ name }) => name));
  // First the union of both: removed processes keep running until the edge no longer knows them.
  const union = makePlan(layout, { ...after, ...largest(before, after) });
  const added = stackComponents(union).filter(({ name, role }) => isApp(role) && !old.has(name));
  const names = added.map(({ name }) => name);
  writeStackConfig(union);
  await reloadPrograms(layout);
  await startProcesses(layout, names);
  await awaitApps(union, new AbortController().signal, added);
  writeStackConfig(makePlan(layout, after));
  await run(['nginx', '-t', '-q', '-e', 'stderr', '-c', layout.path('config', 'nginx.conf')]);
  await signalProcess(layout, 'edge', 'HUP');
  await reloadPrograms(layout);
  writeStackFile(layout, (await processStates(layout)) ?? []);
}

function parseWish(wish: string): [string, number] {
  const [, app = '', count = ''] = /^(gateway|writer|reader)s?=(\d+)$/.exec(wish) ?? [];
  if (!(app in COUNT_OF) || Number(count) > INSTANCES_MAX) {
    throw new Error(
      `"${wish}" is not understood, so nothing was scaled. Write for example: npm run scale -- writer=4 reader=2 (at most ${INSTANCES_MAX})`,
    );
  }
  return [COUNT_OF[app as keyof typeof COUNT_OF], Number(count)];
}

const largest = (a: Choice, b: Choice): Pick<Choice, 'gateways' | 'writers' | 'readers'> => ({
  gateways: Math.max(a.gateways, b.gateways),
  writers: Math.max(a.writers, b.writers),
  readers: Math.max(a.readers, b.readers),
});

async function refuseBusyPorts(layout: Layout, before: Choice, after: Choice): Promise<void> {
  const { ports } = makePlan(layout, before);
  const own = portTable(ports, before);
  const fresh = [...portTable(ports, after)].filter(([port]) => !own.has(port));
  const busy = await busyPorts(new Map(fresh));
  if (busy.length === 0) return;
  throw new Error(
    `Nothing was scaled, because ports are in use:\n${busy.map((line) => `  ${line}`).join('\n')}`,
  );
}
