import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** What a process of the stack is. */
export type StackRole =
  | 'edge'
  | 'gateway'
  | 'writer'
  | 'reader'
  | 'rabbitmq'
  | 'postgres-primary'
  | 'postgres-replica'
  | 'pgbouncer'
  | 'redis'
  | 'traces'
  | 'prometheus'
  | 'exporter';

/** One entry of `stack.json`: `pid` is the one that dies when the component dies. */
export interface StackProcess {
  readonly name: string;
  readonly role: StackRole;
  readonly pid: number;
  /** What a client of this process uses, credentials included: never print it. */
  readonly url?: string;
  /** Of the three apps only. */
  readonly adminUrl?: string;
}

interface StackFile {
  readonly baseUrl: string;
  readonly processes: readonly StackProcess[];
}

/** A running stack. Every question reads the file again, because a pid changes with each restart. */
export interface Stack {
  /** The folder of data, logs, keys and sockets. */
  readonly dir: string;
  readonly baseUrl: string;
  processes(): readonly StackProcess[];
  /** @throws Error naming what is there, when the stack has no process of this name. */
  one(name: string): StackProcess;
  ofRole(role: StackRole): readonly StackProcess[];
  /** `url` of a process. @throws Error when the process has none. */
  urlOf(name: string): string;
}

/**
 * Opens `stack.json`, which `npm start` keeps current.
 * @throws Error that says how to get one, when it is missing or not what it should be.
 */
export function readStack(path: string | undefined = process.env['SPILLWAY_STACK']): Stack {
  if (path === undefined || path === '') {
    throw new Error('No stack was named: set SPILLWAY_STACK to the stack.json of a running one.');
  }
  const file = resolve(path);
  const read = (): StackFile => readStackFile(file);
  const one = (name: string): StackProcess => {
    const { processes } = read();
    const found = processes.find((p) => p.name === name);
    if (found) return found;
    throw new Error(`The stack has no process ${name}; it has ${processes.map((p) => p.name).join(', ')}.`);
  };
  return {
    dir: dirname(file),
    baseUrl: read().baseUrl,
    processes: () => read().processes,
    one,
    ofRole: (role) => read().processes.filter((p) => p.role === role),
    urlOf: (name) => {
      const { url } = one(name);
      if (url === undefined) throw new Error(`The process ${name} has no url in stack.json.`);
      return url;
    },
  };
}

function readStackFile(file: string): StackFile {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`No stack can be read from ${file}: start one with npm start.`, { cause: error });
  }
  if (!isStackFile(parsed)) throw new Error(`${file} is not a stack.json: it lacks baseUrl or processes.`);
  return parsed;
}

function isStackFile(value: unknown): value is StackFile {
  if (typeof value !== 'object' || value === null) return false;
  const { baseUrl, processes } = value as Record<string, unknown>;
  return typeof baseUrl === 'string' && Array.isArray(processes) && processes.every(isProcess);
}

function isProcess(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { name, role, pid } = value as Record<string, unknown>;
  return typeof name === 'string' && typeof role === 'string' && typeof pid === 'number';
}
