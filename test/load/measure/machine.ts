import { readFileSync } from 'node:fs';
import { arch, cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { REPO } from '../../stack/launcher.js';

export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly load1: number;
  readonly versions: Readonly<Record<string, string>>;
}

const PACKAGES = ['fastify', '@nestjs/core', 'amqplib', 'pg', '@opentelemetry/sdk-node'] as const;

export function describeMachine(): Machine {
  const all = cpus();
  return {
    cores: all.length,
    cpu: `${all[0]?.model ?? 'unknown'} (${arch()})`,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    load1: loadavg()[0] ?? 0,
    versions: {
      node: process.versions.node,
      ...Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)])),
    },
  };
}

const versionOf = (name: string): string => {
  const text = readFileSync(join(REPO, 'node_modules', name, 'package.json'), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
};
