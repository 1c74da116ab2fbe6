import type { Component } from './component.js';
import type { Layout } from './layout.js';
import { lastChoice, makePlan } from './plan.js';
import { health, httpAnswers, tcpAccepts } from './probes.js';
import { stackComponents } from './stack.js';
import { readExits } from './stack-file.js';
import { processStates } from './supervisor.js';

/** `npm run status`: every process with its role, pid, port, health and restarts. @returns exit code 3 when nothing runs. */
export async function status(layout: Layout): Promise<number> {
  const states = await processStates(layout);
  const choice = lastChoice(layout);
  if (states === null || choice === null) {
    console.log('The stack is not running. Start it with npm start.');
    return 3;
  }
  const pids = new Map(states.map(({ name, state, pid }) => [name, pid || state]));
  const exits = readExits(layout);
  const components = stackComponents(makePlan(layout, choice)).filter(({ name }) => pids.has(name));
  const rows = await Promise.all(
    components.map(async (component) => [
      component.role ?? '-',
      component.name,
      String(pids.get(component.name)),
      String(component.port),
      await health(() => probe(component)),
      String(exits[component.name] ?? 0),
    ]),
  );
  printTable([['role', 'name', 'pid', 'port', 'health', 'restarts'], ...rows]);
  return 0;
}

const probe = ({ role, adminUrl, port }: Component): Promise<void> =>
  adminUrl && role !== 'rabbitmq' ? httpAnswers(`${adminUrl}/health/ready`) : tcpAccepts(port);

export function printTable(rows: readonly string[][]): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}
