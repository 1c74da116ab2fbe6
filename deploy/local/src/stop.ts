import type { Layout } from './layout.js';
import { lockHolder } from './lock.js';
import { lastChoice, makePlan } from './plan.js';
import { commandLine } from './port-holder.js';
import { say } from './shell.js';
import { stackComponents } from './stack.js';
import { removeStackFile } from './stack-file.js';
import { leftProcesses } from './left-processes.js';
import { processStates, shutDown, stopProcesses } from './supervisor.js';
import { until } from './until.js';

/** `npm stop`: stops the stack from anywhere, a launcher that is still starting it first. Safe to repeat. */
export async function stop(layout: Layout): Promise<void> {
  const launcher = lockHolder(layout);
  if (launcher !== null) {
    say(`Another launcher (pid ${launcher}) is at work: asking it to end.`);
    process.kill(launcher, 'SIGTERM');
    await until(`launcher ${launcher} to end`, { deadlineMs: 120_000 }, () =>
      Promise.resolve(commandLine(launcher) === ''),
    );
  }
  const { ran, leftovers } = await stopStack(layout);
  if (leftovers.length > 0)
    say(`Ended without a supervisor:\n${leftovers.map((line) => `  ${line}`).join('\n')}`);
  say(ran ? 'Stopped. Data and logs are kept; npm run reset throws them away.' : 'Nothing was running.');
}

/** What stopping found. */
export interface Stopped {
  /** Whether anything ran at all. */
  readonly ran: boolean;
  /** Processes that no supervisor stopped, and that had to be ended one by one; normally none. */
  readonly leftovers: readonly string[];
}

/**
 * Stops every process in order: the edge, the apps, the broker and the rest, the databases last.
 * @throws Error that lists what would not go away.
 */
export async function stopStack(layout: Layout): Promise<Stopped> {
  const states = await processStates(layout);
  if (states !== null) {
    const choice = lastChoice(layout);
    const components = choice ? stackComponents(makePlan(layout, choice)) : [];
    for (const tier of [...new Set(components.map((component) => component.tier))].sort((a, b) => b - a)) {
      const names = components.filter((component) => component.tier === tier).map(({ name }) => name);
      await stopProcesses(layout, names);
    }
    await shutDown(layout);
  }
  const leftovers = await endLeftovers(layout);
  removeStackFile(layout);
  return { ran: states !== null || leftovers.length > 0, leftovers };
}

/** What survived, for example because supervisord was killed: asked to end, then made to. */
async function endLeftovers(layout: Layout): Promise<string[]> {
  if (await nothingLeft(layout, 3_000)) return [];
  const found = leftProcesses(layout.dir).map(({ pid, command }) => `${pid} ${command}`);
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    for (const { pid } of leftProcesses(layout.dir)) send(pid, signal);
    if (await nothingLeft(layout, 10_000)) return found;
  }
  const list = leftProcesses(layout.dir).map(({ pid, command }) => `  ${pid} ${command}`);
  throw new Error(`These processes of the stack could not be ended:\n${list.join('\n')}`);
}

const nothingLeft = (layout: Layout, deadlineMs: number): Promise<boolean> =>
  until('leftovers to end', { deadlineMs }, () =>
    Promise.resolve(leftProcesses(layout.dir).length === 0),
  ).then(
    () => true,
    () => false,
  );

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already.
  }
}
