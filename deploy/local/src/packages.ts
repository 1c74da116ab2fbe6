import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { postgresBin } from './postgres.js';
import { run, say } from './shell.js';

const POLICY = '/usr/sbin/policy-rc.d';
const INSTALL_DEADLINE_MS = 600_000;

/** Debian's package → a program that shows that it is there. */
const NEEDED = {
  stack: {
    'rabbitmq-server': '/usr/lib/rabbitmq/bin/rabbitmq-server',
    postgresql: 'postgres',
    'redis-server': 'redis-server',
    pgbouncer: 'pgbouncer',
    'nginx-light': 'nginx',
    prometheus: 'prometheus',
    'prometheus-postgres-exporter': 'prometheus-postgres-exporter',
    'prometheus-redis-exporter': 'prometheus-redis-exporter',
    'prometheus-node-exporter': 'prometheus-node-exporter',
    supervisor: 'supervisord',
    'util-linux': 'setpriv',
  },
  tests: { 'apache2-utils': 'ab' },
} as const;

/** Installs what the stack (and the tests) need and the machine lacks, after saying so. */
export async function installMissing(...sets: (keyof typeof NEEDED)[]): Promise<void> {
  const needed: [string, string][] = sets.flatMap((set) => Object.entries(NEEDED[set]));
  const missing = needed.filter(([, program]) => !isInstalled(program)).map(([name]) => name);
  if (missing.length > 0) await installPackages(missing);
}

function isInstalled(program: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), postgresBin()];
  return program.startsWith('/')
    ? existsSync(program)
    : folders.some((folder) => isExecutable(join(folder, program)));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Installs Debian packages through apt-get, without starting the services they bring.
 * @throws Error with the package names when this system or this user cannot.
 */
export async function installPackages(names: readonly string[]): Promise<void> {
  const list = names.join(' ');
  if (!isInstalled('apt-get')) {
    throw new Error(
      `These programs are missing: ${list} (Debian's names). This system has no apt-get: install them by its own means, then try again.`,
    );
  }
  const root = process.getuid?.() === 0;
  if (!root && !isInstalled('sudo')) {
    throw new Error(
      `These packages are missing: ${list}. Ask an administrator to run: apt-get install --no-install-recommends ${list}`,
    );
  }
  const sudo = root ? [] : ['sudo'];
  say(`Installing these system packages${root ? '' : ' (sudo may ask for your password)'}: ${list}`);
  await withoutServices(sudo, async () => {
    const apt = [...sudo, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-y'];
    await run([...apt, 'update'], { deadlineMs: INSTALL_DEADLINE_MS });
    await run([...apt, 'install', '--no-install-recommends', ...names], { deadlineMs: INSTALL_DEADLINE_MS });
  });
}

/** A policy-rc.d that refuses (101) keeps packages from starting services; one that exists is left as it is. */
async function withoutServices(sudo: readonly string[], work: () => Promise<void>): Promise<void> {
  if (existsSync(POLICY)) return work();
  const write = 'printf "#!/bin/sh\\nexit 101\\n" > "$0" && chmod 755 "$0"';
  await run([...sudo, 'sh', '-c', write, POLICY]);
  try {
    await work();
  } finally {
    await run([...sudo, 'rm', '-f', POLICY]);
  }
}
