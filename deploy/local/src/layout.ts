import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The clone this launcher runs in. */
export const REPO = resolve(fileURLToPath(import.meta.url), '../../../..');
const DIRECTORIES = [
  'run',
  'log',
  'env',
  'keys',
  'config',
  'config/programs',
  'config/targets',
  'data',
  'data/traces',
];
/** sun_path holds 107 bytes, and supervisor binds to a longer temporary name first. */
const SOCKET_PATH_MAX = 90;

/** Where one stack keeps everything it has; two stacks differ in `dir` and in ports. */
export interface Layout {
  readonly dir: string;
  readonly node: string;
  readonly path: (...parts: string[]) => string;
  /** Unix socket of supervisord. */
  readonly socket: string;
}

/** Reads `SPILLWAY_STACK_DIR` (default `.local`, relative to the clone) and makes the folders. */
export function openLayout(env: NodeJS.ProcessEnv = process.env): Layout {
  const dir = resolve(REPO, env['SPILLWAY_STACK_DIR'] || '.local');
  for (const name of DIRECTORIES) mkdirSync(join(dir, name), { recursive: true, mode: 0o700 });
  const path = (...parts: string[]): string => join(dir, ...parts);
  return { dir, node: realpathSync(join(REPO, 'node_modules/.bin/node')), path, socket: socketPath(path) };
}

function socketPath(path: Layout['path']): string {
  const own = path('run', 'supervisor.sock');
  if (Buffer.byteLength(own) <= SOCKET_PATH_MAX) return own;
  const record = path('run', 'socket-dir');
  if (existsSync(record)) {
    const dir = readFileSync(record, 'utf8');
    if (existsSync(dir)) return join(dir, 'supervisor.sock');
  }
  const dir = mkdtempSync(join(tmpdir(), 'spillway-'));
  writeFileSync(record, dir);
  return join(dir, 'supervisor.sock');
}
