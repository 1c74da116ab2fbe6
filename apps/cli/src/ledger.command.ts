import { loadConfig } from '@spillway/config';
import { shardNodes } from '@spillway/database';
import { managementConfig, QueueDepths } from '@spillway/messaging';
import { Command } from 'commander';
import { withPrimaries } from './connections.js';
import { age } from './dead-letters/filter.js';
import { measureLedger } from './ledger/measure-ledger.js';
import { isBalanced, shownLedger } from './ledger/shown-ledger.js';
import { untilBalanced } from './ledger/until-balanced.js';
import { durationMs } from './load/duration.js';

const config = {
  nodes: shardNodes('OPERATOR_NODES', 'Every Postgres node with the role operator: shard=url|url;shard=url'),
  ...managementConfig,
};

const HELP = `
Balanced means that no accepted command is missing: accepted + surplus <= committed + duplicate + superseded +
failed + parked + what the queues hold. "accepted" is what gateways saw confirmed, so it may be less than what
happened and never more; "surplus" is what was seen to have ended beyond that, and cannot unhappen. The queues count messages of 1 to 64 commands each: while they hold any, a gap that could be in
them is not told. Exit code: 0 balanced, 1 not balanced for the whole of --wait, or not measured.`;

/** `ledger`: whether every accepted command is accounted for. */
export const ledgerCommand = (): Command =>
  new Command('ledger')
    .description('whether every accepted command is committed, failed, parked or on its way')
    .option('--wait <duration>', 'look again for so long while there is a gap', age, durationMs('60s'))
    .option('--json', 'as JSON')
    .addHelpText('after', HELP)
    .action(async ({ wait, json }: { wait: number; json?: boolean }) => {
      const { nodes, managementUrl } = loadConfig(config);
      const depths = new QueueDepths(managementUrl);
      const shards = await withPrimaries('ledger', nodes, (router) =>
        untilBalanced(
          () => measureLedger(router, depths, [...nodes.keys()]),
          wait,
          () => {
            if (!json) console.error('There is a gap; looking again while it lasts …');
          },
        ),
      );
      console.log(json ? JSON.stringify(shards) : shownLedger(shards));
      if (!isBalanced(shards)) process.exitCode = 1;
    });
