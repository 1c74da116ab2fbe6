import { existsSync } from 'node:fs';
import type { Layout } from './layout.js';
import { lockHolder } from './lock.js';
import { lastChoice, makePlan } from './plan.js';
import { commandLine } from './port-holder.js';
import { say } from './shell.js';
import { stackComponents } from './stack.js';
import { removeStackFile } from './stack-file.js';
import { leftProcesses } from './left-processes.js';
import { processStates, stopProcesses } from './supervisor.js';
import { until } from './until.js';
import { xmlRpc } from './xml-rpc.js';

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
  const stopped = await stopStack(layout);
  say(stopped ? 'Stopped. Data and logs are kept; npm run reset throws them away.' : 'Nothing was running.');
}

/**
 * Stops every process in order: the edge, the apps, the broker and the rest, the databases last.
 * @returns whether anything ran. @throws Error that lists what would not go away.
 */
export async function stopStack(layout: Layout): Promise<boolean> {
  const states = await processStates(layout);
  if (states !== null) {
    const choice = lastChoice(layout);
    const components = choice ? stackComponents(makePlan(layout, choice)) : [];
    for (const tier of [...new Set(components.map((component) => component.tier))].sort((a, b) => b - a)) {
      await stopProcesses(
        layout,
        components.filter((component) => component.tier === tier).map(({ name }) => name),
      );
    }
    await xmlRpc(layout.socket, 'supervisor.shutdown').catch(() => undefined);
    await until('supervisord to end', { deadlineMs: 60_000 }, () =>
      Promise.resolve(!existsSync(layout.socket)),
    );
  }
  const left = await endLeftovers(layout);
  removeStackFile(layout);
  return states !== null || left;
}

/** What survived, for example because supervisord was killed: asked to end, then made to. */
async function endLeftovers(layout: Layout): Promise<boolean> {
  const found = leftProcesses(layout.dir);
  if (found.length === 0) return false;
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    for (const { pid } of leftProcesses(layout.dir)) send(pid, signal);
    try {
      await until('leftovers to end', { deadlineMs: 10_000 }, () =>
        Promise.resolve(leftProcesses(layout.dir).length === 0),
      );
      return true;
    } catch {
      // The next signal is the last one.
    }
  }
  const list = leftProcesses(layout.dir).map(({ pid, command }) => `  ${pid} ${command}`);
  throw new Error(`These processes of the stack could not be ended:\n${list.join('\n')}`);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already.
  }
}
