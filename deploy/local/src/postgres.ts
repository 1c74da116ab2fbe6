import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { emptyFolder, launched, writeOwned } from './as-user.js';
import { type Component, TIER } from './component.js';
import { REPO } from './layout.js';
import { numbers, type Plan } from './plan.js';
import { postgresSettings, thisMachine } from './postgres-settings.js';
import { run } from './shell.js';
import { fillTemplate } from './template.js';

const USER = 'postgres';
const PACKAGES = '/usr/lib/postgresql';

/** Folder with the programs of the newest installed Postgres. */
export function postgresBin(): string {
  const versions = existsSync(PACKAGES) ? readdirSync(PACKAGES).map(Number).filter(Number.isFinite) : [];
  return join(PACKAGES, String(Math.max(...versions)), 'bin');
}

export const nodeName = (n: number): string => (n === 0 ? 'postgres-primary' : `postgres-replica-${n}`);
const slotName = (n: number): string => `replica_${n}`;
const dataDir = (plan: Plan, n: number): string => plan.layout.path('data', nodeName(n));
const configFile = (plan: Plan, n: number): string => plan.layout.path('config', `${nodeName(n)}.conf`);

/** Superuser address of one node, past PgBouncer. */
export const superuserUrl = (plan: Plan, n: number, database = 'spillway'): string =>
  `postgres://postgres:${plan.secrets.passwords.postgres}@127.0.0.1:${plan.ports.postgres(n)}/${database}`;

export const postgresComponents = (plan: Plan): Component[] =>
  numbers(plan.counts.replicas + 1, 0).map((n) => ({
    name: nodeName(n),
    role: n === 0 ? 'postgres-primary' : 'postgres-replica',
    tier: TIER.base,
    argv: launched(
      [join(postgresBin(), 'postgres'), '-D', dataDir(plan, n), '-c', `config_file=${configFile(plan, n)}`],
      { user: USER, deathSignal: 'INT' },
    ),
    port: plan.ports.postgres(n),
    url: superuserUrl(plan, n),
    stopSignal: 'INT',
    stopWaitSeconds: 60,
  }));

/** What differs between nodes and between starts; everything else is in deploy/postgres/postgresql.conf. */
export function writePostgresConfig(plan: Plan): void {
  const passfile = plan.layout.path('keys', 'replicator.pgpass');
  const common = plan.layout.path('config', 'postgres.conf');
  const machine = thisMachine(plan.counts.replicas + 1, plan.layout.dir);
  writeOwned(USER, common, fillTemplate('postgres/postgresql.conf', postgresSettings(machine)));
  writeOwned(USER, passfile, `127.0.0.1:*:*:replicator:${plan.secrets.passwords.replicator}\n`);
  for (const n of numbers(plan.counts.replicas + 1, 0)) {
    const source = `host=127.0.0.1 port=${plan.ports.postgres(0)} user=replicator passfile=${passfile} application_name=replica-${n}`;
    const lines = [
      `include '${common}'`,
      `hba_file = '${join(REPO, 'deploy/postgres/pg_hba.conf')}'`,
      `ident_file = '${join(dataDir(plan, n), 'pg_ident.conf')}'`,
      `listen_addresses = '127.0.0.1'`,
      `port = ${plan.ports.postgres(n)}`,
      `unix_socket_directories = ''`,
      `cluster_name = '${n === 0 ? 'primary' : `replica-${n}`}'`,
      ...(n === 0 ? [] : [`primary_conninfo = '${source}'`, `primary_slot_name = '${slotName(n)}'`]),
    ];
    writeOwned(USER, configFile(plan, n), `${lines.join('\n')}\n`);
  }
}

/** Makes the primary's data folder when there is none. */
export async function initPrimary(plan: Plan): Promise<void> {
  if (existsSync(join(dataDir(plan, 0), 'PG_VERSION'))) return;
  const password = plan.layout.path('run', 'initdb.password');
  emptyFolder(USER, dataDir(plan, 0));
  writeOwned(USER, password, plan.secrets.passwords.postgres);
  const options = [
    '-U',
    'postgres',
    `--pwfile=${password}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C.UTF-8',
  ];
  await postgresRun(plan, 'initdb', [...options, '--data-checksums', '-D', dataDir(plan, 0)]);
  rmSync(password);
}

/** Roles and database: deploy/postgres/roles.sql, by the superuser. */
export async function createRoles(plan: Plan): Promise<void> {
  const { passwords } = plan.secrets;
  await run(
    [
      join(postgresBin(), 'psql'),
      '-X',
      '-q',
      '-o',
      '/dev/null',
      '-f',
      join(REPO, 'deploy/postgres/roles.sql'),
    ],
    {
      env: {
        ...connection(plan, 'postgres'),
        MIGRATOR_PASSWORD: passwords.migrator,
        WRITER_PASSWORD: passwords.writer,
        READER_PASSWORD: passwords.reader,
        MONITOR_PASSWORD: passwords.monitor,
        OPERATOR_PASSWORD: passwords.operator,
        REPLICATOR_PASSWORD: passwords.replicator,
      },
      cwd: '/',
    },
  );
}

/** Copies the primary for each replica that has no data yet, and forgets replicas that are no longer wanted. */
export async function copyReplicas(plan: Plan): Promise<void> {
  const slots = await sql(
    plan,
    `SELECT slot_name FROM pg_replication_slots WHERE slot_type = 'physical' AND NOT active`,
  );
  const unwanted = slots.filter((slot) => Number(slot.replace('replica_', '')) > plan.counts.replicas);
  for (const slot of unwanted) {
    await sql(plan, `SELECT pg_drop_replication_slot('${slot}')`);
    rmSync(dataDir(plan, Number(slot.replace('replica_', ''))), { recursive: true, force: true });
  }
  for (const n of numbers(plan.counts.replicas)) {
    if (existsSync(join(dataDir(plan, n), 'standby.signal'))) continue;
    emptyFolder(USER, dataDir(plan, n));
    const slotExists = slots.includes(slotName(n)) ? [] : ['--create-slot'];
    const source = [
      '-h',
      '127.0.0.1',
      '-p',
      String(plan.ports.postgres(0)),
      '-U',
      'replicator',
      '--checkpoint=fast',
    ];
    const target = [
      '-D',
      dataDir(plan, n),
      '--wal-method=stream',
      '--write-recovery-conf',
      `--slot=${slotName(n)}`,
    ];
    await postgresRun(plan, 'pg_basebackup', [...source, ...target, ...slotExists]);
    // The source stands in the node's own configuration: the port may be another one next time.
    writeFileSync(join(dataDir(plan, n), 'postgresql.auto.conf'), '');
  }
}

/** Names of the replicas that stream from the primary now. */
export const streamingReplicas = (plan: Plan): Promise<string[]> =>
  sql(plan, `SELECT application_name FROM pg_stat_replication WHERE state = 'streaming'`);

/** One column of a query, by the superuser on the primary. */
export async function sql(plan: Plan, query: string): Promise<string[]> {
  const argv = [join(postgresBin(), 'psql'), '-X', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-c', query];
  const out = await run(argv, { env: connection(plan, 'postgres'), cwd: '/', deadlineMs: 15_000 });
  return out.split('\n').filter((line) => line !== '');
}

/** What one node answers the role that sees statistics and no data. */
export async function monitorSql(plan: Plan, n: number, query: string): Promise<string> {
  const argv = [join(postgresBin(), 'psql'), '-X', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-c', query];
  const env = {
    ...connection(plan, 'postgres'),
    PGPORT: String(plan.ports.postgres(n)),
    PGUSER: 'monitor',
    PGPASSWORD: plan.secrets.passwords.monitor,
  };
  return run(argv, { env, cwd: '/', deadlineMs: 15_000 });
}

const connection = (plan: Plan, database: string): Record<string, string> => ({
  PGHOST: '127.0.0.1',
  PGPORT: String(plan.ports.postgres(0)),
  PGUSER: 'postgres',
  PGPASSWORD: plan.secrets.passwords.postgres,
  PGDATABASE: database,
  PGCONNECT_TIMEOUT: '3',
});

async function postgresRun(plan: Plan, program: string, args: readonly string[]): Promise<void> {
  await run([...launched([join(postgresBin(), program), ...args], { user: USER })], {
    env: { PGPASSFILE: plan.layout.path('keys', 'replicator.pgpass'), LC_ALL: 'C.UTF-8' },
    cwd: '/',
    deadlineMs: 180_000,
  });
}
