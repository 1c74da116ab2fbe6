import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Component, Role } from './component.js';
import type { Layout } from './layout.js';
import type { Plan } from './plan.js';
import type { ProcessState } from './supervisor.js';

/** `stack.json`, for people and for tests that break things on purpose. */
export interface StackFile {
  readonly baseUrl: string;
  readonly processes: readonly StackProcess[];
}

export interface StackProcess {
  readonly name: string;
  readonly role: Role;
  /** 0 while it is being started again. */
  readonly pid: number;
  readonly url: string;
  readonly adminUrl?: string;
}

type Parts = { readonly baseUrl: string; readonly processes: readonly Omit<StackProcess, 'pid'>[] };

/** Tells the watcher what the stack is made of; it adds the pids. */
export function writeParts(plan: Plan, components: readonly Component[]): void {
  const processes = components.flatMap(({ name, role, url, adminUrl }) =>
    role ? [{ name, role, url, ...(adminUrl ? { adminUrl } : {}) }] : [],
  );
  replaceFile(plan.layout.path('run', 'parts.json'), { baseUrl: plan.baseUrl, processes } satisfies Parts);
}

/** Rewrites `stack.json` with the pids of this moment. */
export function writeStackFile(layout: Layout, states: readonly ProcessState[]): void {
  const file = layout.path('run', 'parts.json');
  if (!existsSync(file)) return;
  const parts = JSON.parse(readFileSync(file, 'utf8')) as Parts;
  const pids = new Map(states.map(({ name, pid }) => [name, pid]));
  const processes = parts.processes.map(({ name, role, ...urls }) => ({
    name,
    role,
    pid: pids.get(name) ?? 0,
    ...urls,
  }));
  const content: StackFile = { baseUrl: parts.baseUrl, processes };
  const current = layout.path('stack.json');
  if (existsSync(current) && readFileSync(current, 'utf8') === serialized(content)) return;
  replaceFile(current, content);
}

export const removeStackFile = (layout: Layout): void => {
  for (const file of [
    layout.path('run', 'parts.json'),
    layout.path('stack.json'),
    layout.path('run', 'exits.json'),
  ])
    rmSync(file, { force: true });
};

/** How often each process ended without having been told to, since the stack was started. */
export function readExits(layout: Layout): Record<string, number> {
  const file = layout.path('run', 'exits.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>) : {};
}

export const writeExits = (layout: Layout, exits: Record<string, number>): void =>
  replaceFile(layout.path('run', 'exits.json'), exits);

/** Readers see the old or the new content, never half of it. The file holds credentials. */
function replaceFile(file: string, content: unknown): void {
  const next = `${file}.${process.pid}`;
  writeFileSync(next, serialized(content), { mode: 0o600 });
  renameSync(next, file);
}

const serialized = (content: unknown): string => JSON.stringify(content, null, 2);
