import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { launched } from './as-user.js';
import { type Component, TIER } from './component.js';
import { REPO } from './layout.js';
import type { Plan } from './plan.js';
import { type PasswordName, rabbitHash } from './secrets.js';
import { fillTemplate } from './template.js';

const NODE_NAME = 'spillway@localhost';
const USERS = {
  admin: 'amqpAdmin',
  topology: 'amqpTopology',
  gateway: 'amqpGateway',
  writer: 'amqpWriter',
  operator: 'amqpOperator',
  monitor: 'amqpMonitor',
} as const satisfies Record<string, PasswordName>;
type AmqpUser = keyof typeof USERS;

const credentials = (plan: Plan, user: AmqpUser): string => `${user}:${plan.secrets.passwords[USERS[user]]}`;

export const amqpUrl = (plan: Plan, user: AmqpUser): string =>
  `amqp://${credentials(plan, user)}@127.0.0.1:${plan.ports.amqp}`;

export const managementUrl = (plan: Plan, user: 'admin' | 'monitor'): string =>
  `http://${credentials(plan, user)}@127.0.0.1:${plan.ports.management}`;

/**
 * The broker and its own epmd. The scripts below /usr/lib/rabbitmq/bin exec the Erlang VM when told that a
 * supervisor runs them; Debian's wrapper in /usr/sbin would change user and folder.
 */
export function rabbitmqComponents(plan: Plan): Component[] {
  const { layout, ports } = plan;
  const home = layout.path('data', 'rabbitmq');
  const erlang = {
    HOME: join(home, 'home'),
    ERL_EPMD_PORT: String(ports.epmd),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    LANG: 'C.UTF-8',
    ERL_CRASH_DUMP: layout.path('log', 'erl_crash.dump'),
  };
  // Idle schedulers sleep: spinning while they wait takes the processor from everything beside them
  // (RabbitMQ, "Runtime Tuning").
  const vmArguments =
    '+sbwt none +sbwtdcpu none +sbwtdio none -start_epmd false -kernel inet_dist_use_interface {127,0,0,1}';
  return [
    {
      name: 'epmd',
      tier: TIER.base,
      argv: launched(['epmd', '-port', String(ports.epmd), '-address', '127.0.0.1']),
      environment: erlang,
      port: ports.epmd,
      url: `tcp://127.0.0.1:${ports.epmd}`,
      stopWaitSeconds: 5,
    },
    {
      name: 'rabbitmq',
      role: 'rabbitmq',
      tier: TIER.broker,
      argv: launched(['/usr/lib/rabbitmq/bin/rabbitmq-server']),
      environment: {
        ...erlang,
        RUNNING_UNDER_SYSTEMD: 'true',
        RABBITMQ_NODENAME: NODE_NAME,
        RABBITMQ_CONF_ENV_FILE: '/dev/null',
        RABBITMQ_CONFIG_FILE: layout.path('config', 'rabbitmq.conf'),
        RABBITMQ_ADVANCED_CONFIG_FILE: layout.path('config', 'rabbitmq-advanced.config'),
        RABBITMQ_ENABLED_PLUGINS_FILE: layout.path('config', 'rabbitmq-plugins'),
        RABBITMQ_MNESIA_BASE: join(home, 'mnesia'),
        RABBITMQ_LOG_BASE: join(home, 'log'),
        RABBITMQ_SCHEMA_DIR: join(home, 'schema'),
        RABBITMQ_GENERATED_CONFIG_DIR: join(home, 'generated'),
        RABBITMQ_PID_FILE: join(home, 'rabbitmq.pid'),
        RABBITMQ_DIST_PORT: String(ports.erlang),
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: vmArguments,
      },
      port: ports.amqp,
      url: amqpUrl(plan, 'admin'),
      adminUrl: managementUrl(plan, 'admin'),
      // In the middle of its boot it does not listen to SIGTERM; killed, it loses nothing that it confirmed.
      stopWaitSeconds: 20,
    },
  ];
}

export function writeRabbitmqConfig(plan: Plan): void {
  const { layout, ports } = plan;
  const home = layout.path('data', 'rabbitmq');
  for (const dir of ['home', 'mnesia', 'log', 'schema', 'generated'])
    mkdirSync(join(home, dir), { recursive: true, mode: 0o700 });
  // Erlang wants the cookie readable by its owner alone and writes the file never.
  writeFileSync(join(home, 'home', '.erlang.cookie'), plan.secrets.passwords.erlang, { mode: 0o600 });
  const definitions = layout.path('config', 'rabbitmq-definitions.json');
  const hashes = Object.entries(USERS).map(([user, name]) => [
    `${user.toUpperCase()}_HASH`,
    rabbitHash(plan.secrets.passwords[name]),
  ]);
  const filled = fillTemplate(
    'rabbitmq/definitions.json',
    Object.fromEntries(hashes) as Record<string, string>,
  );
  writeFileSync(definitions, filled, { mode: 0o600 });
  const settings = fillTemplate('rabbitmq/rabbitmq.conf', {
    LISTEN_ADDRESS: '127.0.0.1',
    AMQP_PORT: ports.amqp,
    MANAGEMENT_PORT: ports.management,
    PROMETHEUS_PORT: ports.rabbitmqMetrics,
    DEFINITIONS_FILE: definitions,
  });
  writeFileSync(layout.path('config', 'rabbitmq.conf'), settings, { mode: 0o600 });
  copyFileSync(join(REPO, 'deploy/rabbitmq/enabled_plugins'), layout.path('config', 'rabbitmq-plugins'));
}
