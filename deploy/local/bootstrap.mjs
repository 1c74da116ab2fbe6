/**
 * The first step of every npm script of this repository. It runs on Node 20 in a clone with nothing installed:
 * it brings the packages and the build up to date, then hands over to Node 24 (an npm package) and the compiled code.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const REPO = resolve(fileURLToPath(import.meta.url), '../../..');
const NODE = join(REPO, 'node_modules/.bin/node');
const STAMP = join(REPO, 'node_modules/.cache/spillway/build');
const LAUNCHER = ['start', 'stop', 'status', 'scale', 'reset', 'packages', 'test'];
const USAGE = `usage: node deploy/local/bootstrap.mjs ${LAUNCHER.join('|')}|faults|drill|bench|cli [arguments]`;

const [command = '', ...args] = process.argv.slice(2);
const say = (text) => process.stderr.write(`${text}\n`);

/** Ends with a reason; `npm test` must end with its summary line whatever happened. */
function fail(reason, code = 1) {
  say(reason);
  if (command === 'test') process.stdout.write('0 passed, 1 failed\n');
  process.exit(code);
}

/** Whether node_modules is what package-lock.json says: npm keeps a lock of what it installed. */
function packagesAreCurrent() {
  const installedLock = join(REPO, 'node_modules/.package-lock.json');
  if (!existsSync(installedLock) || !existsSync(NODE)) return false;
  const wanted = JSON.parse(readFileSync(join(REPO, 'package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(installedLock, 'utf8')).packages;
  return Object.entries(wanted).every(
    ([path, { version, optional, link }]) =>
      !path.startsWith('node_modules/') ||
      link ||
      installed[path]?.version === version ||
      (optional && !installed[path]),
  );
}

function installPackages() {
  say('Installing the npm packages of package-lock.json (once, about a minute) …');
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm'];
  const { status, error } = spawnSync(npm[0], [...npm.slice(1), 'ci', '--loglevel=error'], {
    cwd: REPO,
    stdio: ['ignore', 2, 2],
  });
  if (error)
    fail(`npm could not be run (${error.message}). Install Node 20.11 or newer with npm, then try again.`);
  if (status !== 0) fail('npm ci failed, so nothing was started; its reason is above.');
  if (!existsSync(NODE))
    fail(
      `There is no Node 24 package for ${process.platform}-${process.arch}: use Linux on x64 or arm64, or Docker.`,
    );
}

/** The newest change of a source below a folder, folders included (a deleted file changes its folder). */
function newestChange(path) {
  const { mtimeMs } = statSync(path);
  const inside = readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory())
      return ['dist', 'node_modules'].includes(entry.name) ? [] : [newestChange(join(path, entry.name))];
    return /\.(ts|json)$/.test(entry.name) ? [statSync(join(path, entry.name)).mtimeMs] : [];
  });
  // A project's own folder changes when its dist is made: only what is inside counts there.
  return Math.max(existsSync(join(path, 'package.json')) ? 0 : mtimeMs, ...inside, 0);
}

function build() {
  const outputs = ['apps/gateway', 'apps/writer', 'apps/reader', 'apps/cli', 'deploy/local'].map((p) =>
    join(REPO, p, 'dist/main.js'),
  );
  const sources = ['apps', 'libs', 'deploy/local', 'deploy/observability/dashboards/src', 'test'].map((p) =>
    newestChange(join(REPO, p)),
  );
  const configs = ['tsconfig.json', 'tsconfig.base.json', 'package-lock.json'].map(
    (p) => statSync(join(REPO, p)).mtimeMs,
  );
  const built =
    existsSync(STAMP) && outputs.every((file) => existsSync(file)) ? Number(readFileSync(STAMP, 'utf8')) : 0;
  if (Math.max(...sources, ...configs) <= built) return;
  say('Building …');
  const began = Date.now();
  const { status } = spawnSync(NODE, [join(REPO, 'node_modules/typescript/bin/tsc'), '-b'], {
    cwd: REPO,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) fail('The build failed, so nothing was started; its reason is above.');
  mkdirSync(join(STAMP, '..'), { recursive: true });
  writeFileSync(STAMP, String(began));
}

/** The command line that does the work. */
function target() {
  if (LAUNCHER.includes(command)) return [join(REPO, 'deploy/local/dist/main.js'), command, ...args];
  if (command === 'faults') return [join(REPO, 'test/dist/faults/main.js'), ...args];
  if (command === 'drill') return [join(REPO, 'test/dist/drill/main.js'), ...args];
  if (command === 'bench') return [join(REPO, 'test/dist/load/main.js'), ...args];
  if (args.includes('--help') || args[0] === 'help' || args[0] === 'corpus')
    return [join(REPO, 'apps/cli/dist/main.js'), ...args];
  const stackDir = resolve(REPO, process.env.SPILLWAY_STACK_DIR || '.local');
  const envFile = join(stackDir, 'env/cli.env');
  if (!existsSync(envFile))
    fail(`No local stack was ever started in ${stackDir}, so there is nothing to use. Run npm start first.`);
  return [`--env-file=${envFile}`, join(REPO, 'apps/cli/dist/main.js'), ...args];
}

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 11))
  fail(`This is Node ${process.versions.node}; Spillway's scripts need Node 20.11 or newer to begin with.`);
if (![...LAUNCHER, 'faults', 'drill', 'bench', 'cli'].includes(command)) fail(USAGE, 2);
// What only looks or ends must work while somebody edits the code.
const asItIs =
  ['stop', 'status', 'reset'].includes(command) && existsSync(join(REPO, 'deploy/local/dist/main.js'));
if (!asItIs || !existsSync(NODE)) {
  if (!packagesAreCurrent()) installPackages();
  build();
}

const child = spawn(NODE, target(), { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => fail(`Node 24 could not be run: ${error.message}`));
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
