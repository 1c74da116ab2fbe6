import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Component } from './component.js';
import { watching } from './as-user.js';
import { type Layout, REPO } from './layout.js';
import { SERVICE_MARK } from './left-processes.js';
import { run } from './shell.js';
import { until } from './until.js';
import { xmlRpc } from './xml-rpc.js';

export const WATCHER = 'stack-watch';

export interface ProcessState {
  readonly name: string;
  /** supervisor's name of the state: RUNNING, STOPPED, EXITED … */
  readonly state: string;
  /** 0 when it does not run. */
  readonly pid: number;
}

/** What supervisord knows; null when it does not run. */
export async function processStates(layout: Layout): Promise<ProcessState[] | null> {
  try {
    const infos = (await xmlRpc(layout.socket, 'supervisor.getAllProcessInfo')) as Record<
      string,
      string | number
    >[];
    return infos.map((info) => ({
      name: String(info['name']),
      state: String(info['statename']),
      pid: Number(info['pid']),
    }));
  } catch {
    return null;
  }
}

/** Writes one file per program, so that scaling is adding and removing files. */
export function writePrograms(layout: Layout, components: readonly Component[]): void {
  const dir = layout.path('config', 'programs');
  for (const file of readdirSync(dir)) rmSync(join(dir, file));
  for (const component of components)
    writeFileSync(join(dir, `${component.name}.conf`), program(layout, component), { mode: 0o600 });
  const watcher = {
    name: WATCHER,
    argv: watching([layout.node, join(REPO, 'deploy/local/dist/stack-watch.js')]),
    stopWaitSeconds: 5,
  };
  const events = 'events=PROCESS_STATE\nbuffer_size=1000\n';
  writeFileSync(join(dir, `${WATCHER}.conf`), program(layout, watcher, 'eventlistener') + events, {
    mode: 0o600,
  });
}

type ProgramOptions = Pick<Component, 'name' | 'argv' | 'environment' | 'stopSignal' | 'stopWaitSeconds'>;

function program(
  layout: Layout,
  component: ProgramOptions,
  kind: 'program' | 'eventlistener' = 'program',
): string {
  const log = layout.path('log', `${component.name}.log`);
  const environment = Object.entries(component.environment ?? {}).map(
    ([key, value]) => `${key}=${quoted(value)}`,
  );
  // An event listener speaks its protocol on stdout; everything else logs there.
  const output =
    kind === 'program'
      ? [
          'redirect_stderr=true',
          `stdout_logfile=${log}`,
          'stdout_logfile_maxbytes=20MB',
          'stdout_logfile_backups=1',
        ]
      : [`stderr_logfile=${log}`];
  return [
    `[${kind}:${component.name}]`,
    `command=${component.argv.map(quoted).join(' ')}`,
    ...(environment.length > 0 ? [`environment=${environment.join(',')}`] : []),
    `autostart=${kind === 'eventlistener'}`,
    // Started again at once, however often: with startsecs=0 supervisor never gives up and never backs off.
    'autorestart=true',
    'startsecs=0',
    `stopsignal=${component.stopSignal ?? 'TERM'}`,
    `stopwaitsecs=${component.stopWaitSeconds}`,
    'killasgroup=true',
    ...output,
    '',
  ].join('\n');
}

const quoted = (text: string): string =>
  `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%')}"`;

/** Starts supervisord as a daemon that holds nothing of ours, with no program but the watcher running. */
export async function startSupervisor(layout: Layout): Promise<void> {
  const config = layout.path('config', 'supervisord.conf');
  const lines = [
    '[supervisord]',
    `logfile=${layout.path('log', 'supervisord.log')}`,
    'logfile_maxbytes=5MB',
    'logfile_backups=1',
    `pidfile=${layout.path('run', 'supervisord.pid')}`,
    `childlogdir=${layout.path('log')}`,
    `directory=${layout.path('run')}`,
    ...(process.getuid?.() === 0 ? ['user=root'] : []),
    '[unix_http_server]',
    `file=${layout.socket}`,
    'chmod=0700',
    '[rpcinterface:supervisor]',
    'supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface',
    '[include]',
    `files=${layout.path('config', 'programs')}/*.conf`,
    '',
  ];
  writeFileSync(config, lines.join('\n'), { mode: 0o600 });
  // A small environment of our own: nothing of the caller's shell reaches the processes.
  const { PATH = '', HOME = '/', TZ = 'UTC' } = process.env;
  const clean = [
    `PATH=${PATH}`,
    `HOME=${HOME}`,
    `TZ=${TZ}`,
    'LANG=C.UTF-8',
    `SPILLWAY_STACK_DIR=${layout.dir}`,
    `${SERVICE_MARK}=${layout.dir}`,
  ];
  await run(['env', '-i', ...clean, 'supervisord', '-c', config], { cwd: layout.path('run') });
  await until(
    'supervisord to answer',
    { deadlineMs: 10_000 },
    async () => (await processStates(layout)) !== null,
  );
}

export async function startProcesses(layout: Layout, names: readonly string[]): Promise<void> {
  for (const name of names) await xmlRpc(layout.socket, 'supervisor.startProcess', [name, false]);
}

/** Stops these together and waits until all are gone; supervisor kills what passes its own deadline. */
export async function stopProcesses(layout: Layout, names: readonly string[]): Promise<void> {
  const running = ((await processStates(layout)) ?? []).filter(
    ({ name, state }) => names.includes(name) && !isDown(state),
  );
  for (const { name } of running)
    await xmlRpc(layout.socket, 'supervisor.stopProcess', [name, false]).catch(() => undefined);
  await until(`${names.join(', ')} to stop`, { deadlineMs: 90_000 }, async () => {
    const states = await processStates(layout);
    return states === null || states.every(({ name, state }) => !names.includes(name) || isDown(state));
  });
}

/** Takes over what the files below config/programs say now. New programs are known but not started. */
export async function reloadPrograms(layout: Layout): Promise<void> {
  const [[added = [], changed = [], removed = []] = []] = (await xmlRpc(
    layout.socket,
    'supervisor.reloadConfig',
  )) as string[][][];
  for (const name of [...changed, ...removed]) {
    await stopProcesses(layout, [name]);
    await xmlRpc(layout.socket, 'supervisor.removeProcessGroup', [name]);
  }
  for (const name of [...added, ...changed])
    await xmlRpc(layout.socket, 'supervisor.addProcessGroup', [name]);
}

/** Ends supervisord. It takes up to a second for each program that it still knows, so it forgets the stopped ones first. */
export async function shutDown(layout: Layout): Promise<void> {
  for (const { name } of (await processStates(layout)) ?? []) {
    if (name !== WATCHER)
      await xmlRpc(layout.socket, 'supervisor.removeProcessGroup', [name]).catch(() => undefined);
  }
  await xmlRpc(layout.socket, 'supervisor.shutdown').catch(() => undefined);
  await until('supervisord to end', { deadlineMs: 60_000 }, () =>
    Promise.resolve(!existsSync(layout.socket)),
  );
}

export const signalProcess = (layout: Layout, name: string, signal: string): Promise<unknown> =>
  xmlRpc(layout.socket, 'supervisor.signalProcess', [name, signal]);

const isDown = (state: string): boolean => ['STOPPED', 'EXITED', 'FATAL', 'UNKNOWN'].includes(state);
