import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { REPO } from '../stack/launcher.js';

const FOLDER = join(REPO, 'deploy/observability/collector');

interface Pipeline {
  readonly receivers: readonly string[];
  readonly processors: readonly string[];
  readonly exporters: readonly string[];
}

type Components = Readonly<Record<string, unknown>>;

/** A configuration of the collector, or of Jaeger, which is built from it. */
export interface CollectorConfig {
  readonly extensions: Components;
  readonly receivers: Components;
  readonly processors: Components;
  readonly exporters: Components;
  readonly connectors?: Components;
  readonly service: {
    readonly extensions: readonly string[];
    readonly pipelines: Readonly<Record<string, Pipeline>>;
  };
}

export const CONFIGS = ['collector.yaml', 'jaeger.yaml'] as const;

export const readConfig = (file: string): CollectorConfig =>
  parse(readFileSync(join(FOLDER, file), 'utf8')) as CollectorConfig;

/** Every value below a key of this name, wherever it stands. */
export function valuesOf(tree: unknown, key: string): readonly unknown[] {
  if (typeof tree !== 'object' || tree === null) return [];
  return Object.entries(tree as Components).flatMap(([name, value]) => [
    ...(name === key ? [value] : []),
    ...valuesOf(value, key),
  ]);
}

/** The value at a path such as `receivers.otlp.protocols`, or undefined. */
export const at = (tree: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (node, key) => (typeof node === 'object' && node !== null ? (node as Components)[key] : undefined),
    tree,
  );

/** The text of every source file of libraries and apps, specs and compiled code left out. */
export const sources = (): string => ['apps', 'libs'].map((part) => textBelow(join(REPO, part))).join('\n');

function textBelow(folder: string): string {
  return readdirSync(folder, { withFileTypes: true })
    .map((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return ['dist', 'node_modules'].includes(entry.name) ? '' : textBelow(path);
      return /(?<!\.spec|\.d)\.ts$/.test(entry.name) ? readFileSync(path, 'utf8') : '';
    })
    .join('\n');
}
