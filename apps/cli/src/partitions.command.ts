import { loadConfig } from '@spillway/config';
import {
  detachPartitions,
  ensurePartitions,
  listPartitions,
  shardNodes,
  withOwner,
  type DetachOptions,
  type PartitionTable,
} from '@spillway/database';
import { Command, InvalidArgumentError } from 'commander';

const config = {
  shards: shardNodes(
    'MIGRATOR_URLS',
    "Each shard's primary, with the role that owns the schema: shard=url;shard=url",
  ),
};

const MONTHS_MAX = 1_200;

/** `partitions`: the months of posts, those to come and those past their time. */
export const partitionsCommand = (): Command =>
  new Command('partitions')
    .description('look at the partitions of every shard, make them, detach old ones')
    .addCommand(listCommand())
    .addCommand(ensureCommand())
    .addCommand(detachCommand());

const listCommand = (): Command =>
  new Command('list')
    .description('each partition with its state, rows and size')
    .option('--json', 'one JSON object a line')
    .action(async ({ json }: { json?: boolean }) => {
      for (const [shard, url] of shardsOf())
        for (const partition of await withOwner(url, listPartitions))
          console.log(json ? JSON.stringify({ shard, ...partition }) : shown(shard, partition));
    });

const ensureCommand = (): Command =>
  new Command('ensure')
    .description('make what is missing, before an import or after writers were away for long')
    .option('--from <month>', 'the first month, like 2019-05; this one by default', month)
    .option('--ahead <months>', 'how many months after this one, at most 4', months, 3)
    .action(async ({ from, ahead }: { from?: string; ahead: number }) => {
      for (const [shard, url] of shardsOf()) {
        const made = await withOwner(url, (source) => ensurePartitions(source, from, ahead));
        console.log(`shard ${shard}: ${made === 0 ? 'nothing was missing' : `made ${made} months`}`);
      }
    });

const detachCommand = (): Command =>
  new Command('detach')
    .description('take old months out of posts, tags and search; their tables are kept')
    .requiredOption('--older-than <months>', 'whole months that stay besides this one', months)
    .option('--drop', 'remove what is detached, and what was detached earlier, for good', false)
    .option('--dry-run', 'say what would be done, and change nothing', false)
    .action(async (options: DetachOptions) => {
      for (const [shard, url] of shardsOf())
        await withOwner(url, async (source) => {
          let steps = 0;
          for await (const { action, table } of detachPartitions(source, options)) {
            steps++;
            console.log(`shard ${shard}: ${options.dryRun ? 'would ' : ''}${action} ${table}`);
          }
          if (steps === 0) console.log(`shard ${shard}: nothing is older`);
        });
    });

const shardsOf = (): [string, string][] =>
  [...loadConfig(config).shards].map(([shard, [url = '']]) => [shard, url]);

const MIB = 2 ** 20;

const shown = (shard: string, { table, state, rows, bytes }: PartitionTable): string =>
  [
    shard,
    table.padEnd(32),
    state.padEnd(9),
    `${rows} rows`.padStart(16),
    `${(bytes / MIB).toFixed(1)} MiB`,
  ].join('  ');

function months(value: string): number {
  const count = Number(value);
  if (!/^\d{1,4}$/.test(value) || count < 1 || count > MONTHS_MAX)
    throw new InvalidArgumentError(`It must be a whole number of months from 1 to ${MONTHS_MAX}.`);
  return count;
}

function month(value: string): string {
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(value))
    throw new InvalidArgumentError('It must be a month like 2019-05.');
  return value;
}
