import { launched, writeOwned } from './as-user.js';
import { type Component, TIER } from './component.js';
import { numbers, type Plan } from './plan.js';
import { fillTemplate } from './template.js';

const USER = 'postgres';

/** 0 stands before the primary, n before the n-th replica. */
export const poolerName = (n: number): string => (n === 0 ? 'pgbouncer-primary' : `pgbouncer-replica-${n}`);
const configFile = (plan: Plan, n: number): string => plan.layout.path('config', `${poolerName(n)}.ini`);

/** Address of one node for a role, through its PgBouncer. */
export const pooledUrl = (plan: Plan, n: number, role: 'writer' | 'reader' | 'monitor'): string =>
  `postgres://${role}:${plan.secrets.passwords[role]}@127.0.0.1:${plan.ports.pgbouncer(n)}/spillway`;

export const pgbouncerComponents = (plan: Plan): Component[] =>
  numbers(plan.counts.replicas + 1, 0).map((n) => ({
    name: poolerName(n),
    role: 'pgbouncer',
    tier: TIER.pooler,
    argv: launched(['pgbouncer', configFile(plan, n)], { user: USER }),
    port: plan.ports.pgbouncer(n),
    url: pooledUrl(plan, n, 'monitor'),
    // SIGINT waits for clients, SIGTERM ends at once: the apps are gone by then.
    stopSignal: 'TERM',
    stopWaitSeconds: 10,
  }));

export function writePgbouncerConfig(plan: Plan): void {
  const roles = ['writer', 'reader', 'monitor'] as const;
  const authFile = plan.layout.path('config', 'pgbouncer-users.txt');
  writeOwned(USER, authFile, roles.map((role) => `"${role}" "${plan.secrets.passwords[role]}"\n`).join(''));
  for (const n of numbers(plan.counts.replicas + 1, 0)) {
    const values = {
      POSTGRES_HOST: '127.0.0.1',
      POSTGRES_PORT: plan.ports.postgres(n),
      LISTEN_ADDRESS: '127.0.0.1',
      LISTEN_PORT: plan.ports.pgbouncer(n),
      AUTH_FILE: authFile,
    };
    writeOwned(USER, configFile(plan, n), fillTemplate('pgbouncer/pgbouncer.ini', values));
  }
}
