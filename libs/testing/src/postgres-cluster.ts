import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmSync } from 'node:fs';
import { appendFile, chmod, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, type QueryResultRow } from 'pg';
import { eventually } from './eventually.js';
import { freePort } from './free-port.js';

/** A server of its own, beside the stack's, for specs that break or promote it. */
export interface PostgresNode {
  readonly port: number;
  /** Its address for a role; no password is asked. */
  urlOf(role: string, database?: string): string;
  query<Row extends QueryResultRow>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Kills it (SIGKILL), as a machine would that loses its power. */
  kill(): Promise<void>;
  /** Starts it again with what its disk holds. */
  start(): Promise<void>;
  /** Writes settings and has the running server read them. */
  configure(lines: readonly string[]): Promise<void>;
}

export interface PostgresCluster {
  readonly primary: PostgresNode;
  readonly replicas: readonly PostgresNode[];
  /** Ends every server and removes its data. */
  stop(): Promise<void>;
}

const PACKAGES = '/usr/lib/postgresql';
const ROLES = ['migrator', 'writer', 'reader', 'monitor', 'operator'];
/** Lost with the machine: a spec's data need not survive it. */
const FAST = [`fsync = off`, `shared_buffers = '32MB'`, `max_connections = 200`, `max_wal_senders = 8`];
const SETTINGS = [
  ...[...FAST, `listen_addresses = '127.0.0.1'`, `unix_socket_directories = ''`, `wal_log_hints = on`],
  ...[`hot_standby_feedback = on`, `max_standby_streaming_delay = '1s'`, `wal_keep_size = '256MB'`],
  ...[`wal_retrieve_retry_interval = '200ms'`, `wal_receiver_status_interval = '1s'`],
];

/**
 * Starts a primary and its replicas with an empty database `spillway` that belongs to the role `migrator`.
 * @param settings lines of postgresql.conf for each replica, in order.
 */
export async function startPostgresCluster(
  replicas: number,
  settings: readonly (readonly string[])[] = [],
): Promise<PostgresCluster> {
  const dir = await mkdtemp(join(tmpdir(), 'spillway-postgres-'));
  await chmod(dir, 0o777);
  const children = new Set<ChildProcess>();
  const stop = async (): Promise<void> => {
    for (const child of children) await ended(child, 'SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const primary = nodeAt(join(dir, 'primary'), await freePort(), children);
    await run('initdb', [
      '-U',
      'postgres',
      '--auth=trust',
      '--no-sync',
      '-E',
      'UTF8',
      '--locale=C.UTF-8',
      '-D',
      primary.data,
    ]);
    await primary.write(SETTINGS);
    await primary.start();
    for (const role of ROLES) await primary.query(`CREATE ROLE ${role} LOGIN`);
    await primary.query('ALTER ROLE reader SET default_transaction_read_only = on');
    await primary.query('GRANT pg_read_all_stats TO reader');
    await primary.query('CREATE DATABASE spillway OWNER migrator');
    const standbys = await Promise.all(
      Array.from({ length: replicas }, async (_, n) => {
        const standby = nodeAt(join(dir, `replica-${n + 1}`), await freePort(), children);
        const from = [
          '-h',
          '127.0.0.1',
          '-p',
          String(primary.port),
          '-U',
          'postgres',
          '--checkpoint=fast',
          '--no-sync',
        ];
        await run('pg_basebackup', [...from, '-D', standby.data, '--write-recovery-conf']);
        await standby.write(settings[n] ?? []);
        await standby.start();
        return standby;
      }),
    );
    return { primary, replicas: standbys, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function nodeAt(
  data: string,
  port: number,
  children: Set<ChildProcess>,
): PostgresNode & { readonly data: string; write(lines: readonly string[]): Promise<void> } {
  let child: ChildProcess | undefined;
  const urlOf = (role: string, database = 'spillway'): string =>
    `postgres://${role}@127.0.0.1:${port}/${database}`;
  const query = async <Row extends QueryResultRow>(text: string, values: readonly unknown[] = []) => {
    const client = new Client({
      connectionString: urlOf('postgres', 'postgres'),
      connectionTimeoutMillis: 2_000,
    });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<Row>(text, [...values])).rows;
    } finally {
      await client.end();
    }
  };
  const write = (lines: readonly string[]): Promise<void> =>
    appendFile(join(data, 'postgresql.auto.conf'), lines.map((line) => `${line}\n`).join(''));
  return {
    ...{ data, port, urlOf, query, write },
    async kill() {
      if (child) await ended(child, 'SIGKILL');
      if (child) children.delete(child);
      child = undefined;
      // Its children end by themselves when they see that it is gone; a start meanwhile would refuse.
      await writeFile(join(data, 'postmaster.pid'), '').catch(() => undefined);
      rmSync(join(data, 'postmaster.pid'), { force: true });
    },
    async start() {
      const [program = '', ...args] = asPostgres('postgres', ['-D', data, '-p', String(port)]);
      child = spawn(program, args, { stdio: 'ignore', cwd: '/' });
      children.add(child);
      await eventually('the server accepts queries', () => query('SELECT 1'), { deadlineMs: 30_000 });
    },
    async configure(lines) {
      await write(lines);
      await query('SELECT pg_reload_conf()');
    },
  };
}

/** Debian's programs, as the user they insist on when we are root. They die with us. */
function asPostgres(program: string, args: readonly string[]): string[] {
  const version = Math.max(...readdirSync(PACKAGES).map(Number).filter(Number.isFinite));
  const user =
    process.getuid?.() === 0 ? ['--reuid', 'postgres', '--regid', 'postgres', '--clear-groups'] : [];
  return [
    'setpriv',
    '--pdeathsig',
    'KILL',
    ...user,
    '--',
    join(PACKAGES, String(version), 'bin', program),
    ...args,
  ];
}

async function run(program: string, args: readonly string[]): Promise<void> {
  const [command = '', ...rest] = asPostgres(program, args);
  const child = spawn(command, rest, { stdio: 'ignore', cwd: '/' });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}
