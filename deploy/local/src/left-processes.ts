import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { commandLine, processIds } from './port-holder.js';

/** Environment variable that every process of a stack inherits from its supervisor, and nobody else has. */
export const SERVICE_MARK = 'SPILLWAY_SERVICE_OF';

/** Processes that belong to the stack in this folder, whoever is their parent now. */
export function leftProcesses(dir: string): { pid: number; command: string }[] {
  return processIds()
    .filter((pid) => isMarked(pid, dir) || livesIn(pid, dir))
    .map((pid) => ({ pid, command: commandLine(pid) }));
}

function isMarked(pid: number, dir: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`${SERVICE_MARK}=${dir}`);
  } catch {
    return false;
  }
}

/**
 * Postgres and nginx write their titles over their environment; but they stay in the folder they were started in.
 * A person's shell in that folder has a terminal, and they have none.
 */
function livesIn(pid: number, dir: string): boolean {
  try {
    const folder = readlinkSync(`/proc/${pid}/cwd`);
    const hasTerminal = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[4] !== '0';
    const isServer = /^(nginx|postgres|\S*\/postgres )/.test(commandLine(pid));
    return (
      isServer &&
      !hasTerminal &&
      (folder === join(dir, 'run') || folder.startsWith(join(dir, 'data', 'postgres-')))
    );
  } catch {
    return false;
  }
}
