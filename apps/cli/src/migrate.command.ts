import { Command } from 'commander';
import { loadConfig } from '@spillway/config';
import { migrate, shardNodes } from '@spillway/database';
import { untilAvailable } from './until-available.js';

const config = {
  shards: shardNodes(
    'MIGRATOR_URLS',
    "Each shard's primary, with the role that owns the schema: shard=url;shard=url",
  ),
};

/** Brings the schema of every shard up to date. Safe to repeat. */
export const migrateCommand = (): Command =>
  new Command('migrate')
    .description('bring the schema of every shard up to date; safe to repeat')
    .action(async () => {
      const { shards } = loadConfig(config);
      for (const [shard, [url = '']] of shards) {
        const done = await untilAvailable(`the primary of shard ${shard}`, () => migrate(url));
        console.log(
          done.length > 0 ? `shard ${shard}: ran ${done.join(', ')}` : `shard ${shard}: up to date`,
        );
      }
    });
