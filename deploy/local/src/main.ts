import { Command, InvalidArgumentError } from 'commander';
import { openLayout } from './layout.js';
import { installPackages } from './packages.js';
import { reset } from './reset.js';
import { scale } from './scale.js';
import { showSlow } from './slow.js';
import { start, type StartOptions } from './start.js';
import { status } from './status.js';
import { stop } from './stop.js';
import { say } from './shell.js';
import { test } from './test.js';

const count =
  (min: number, max: number) =>
  (text: string): number => {
    const number = Number(text);
    if (!/^\d+$/.test(text) || number < min || number > max)
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    return number;
  };

const program = new Command('spillway').description(
  'The local stack, natively on Debian. Data lies in .local, or in SPILLWAY_STACK_DIR.',
);
let exitCode = 0;
// Debian keeps servers where an ordinary user's PATH does not look.
process.env['PATH'] = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;

program
  .command('start')
  .description('start everything, prove it with one post, and stay until Ctrl-C')
  .option('--detach', 'return once it is ready', false)
  .option('--gateways <n>', 'number of gateways', count(0, 50), 1)
  .option('--writers <n>', 'number of writers', count(0, 50), 1)
  .option('--readers <n>', 'number of readers', count(0, 50), 1)
  .option('--replicas <n>', 'number of Postgres replicas', count(0, 8), 1)
  .option('--port <n>', 'public port (default 3000)', count(1, 65_535))
  .option('--redis-cluster', 'three masters of a Redis Cluster instead of one Redis', false)
  .option('--free-ports', 'take the first range of ports that is free', false)
  .action(async (options: StartOptions) => void (exitCode = await start(openLayout(), options)));
program
  .command('stop')
  .description('stop everything, from anywhere')
  .action(() => stop(openLayout()));
program
  .command('status')
  .description('a table of every process')
  .option('--slow', 'the requests and queries that took the most time instead', false)
  .action(
    async ({ slow }: { slow: boolean }) =>
      void (exitCode = await (slow ? showSlow(openLayout()) : status(openLayout()))),
  );
program
  .command('scale')
  .description('change the number of processes while it runs, for example: writer=4 reader=2')
  .argument('<app=count...>')
  .action((wishes: string[]) => scale(openLayout(), wishes));
program
  .command('reset')
  .description('throw the data away')
  .action(() => reset(openLayout()));
program
  .command('packages')
  .description('install Debian packages')
  .argument('<names...>')
  .action((names: string[]) => installPackages(names));
program
  .command('test')
  .description('lint, types and all tests, on a stack of their own; arguments go on to Jest')
  .argument('[jest arguments...]')
  .allowUnknownOption()
  .action(async (args: string[]) => void (exitCode = await test(args)));

try {
  await program.parseAsync();
} catch (error) {
  say(`\n${error instanceof Error ? error.message : String(error)}`);
  exitCode = 1;
}
process.exit(exitCode);
