import { appComponents, writeEnvFiles } from './apps.js';
import type { Component } from './component.js';
import { edgeComponents, writeEdgeConfig } from './edge.js';
import { exporterComponents } from './exporters.js';
import { observabilityComponents, writeObservabilityConfig } from './observability.js';
import { pgbouncerComponents, writePgbouncerConfig } from './pgbouncer.js';
import type { Plan } from './plan.js';
import { postgresComponents, writePostgresConfig } from './postgres.js';
import { rabbitmqComponents, writeRabbitmqConfig } from './rabbitmq.js';
import { redisComponents, writeRedisConfig } from './redis.js';
import { writeParts } from './stack-file.js';
import { writePrograms } from './supervisor.js';

/** Every process of the stack, those that the clients meet first. */
export const stackComponents = (plan: Plan): Component[] => [
  ...edgeComponents(plan),
  ...appComponents(plan),
  ...rabbitmqComponents(plan),
  ...postgresComponents(plan),
  ...pgbouncerComponents(plan),
  ...redisComponents(plan),
  ...observabilityComponents(plan),
  ...exporterComponents(plan),
];

/** Writes every file that the processes read. Safe to repeat: it depends on nothing but the plan. */
export function writeStackConfig(plan: Plan): void {
  writePostgresConfig(plan);
  writePgbouncerConfig(plan);
  writeRabbitmqConfig(plan);
  writeRedisConfig(plan);
  writeObservabilityConfig(plan);
  writeEdgeConfig(plan);
  writeEnvFiles(plan);
  writePrograms(plan.layout, stackComponents(plan));
  writeParts(plan, stackComponents(plan));
}
