import { Command } from 'commander';
import { loadConfig, parsed, url } from '@spillway/config';
import { SHARD_MAP, ShardDirectory } from '@spillway/contracts/server';
import { declareTopology, topology } from '@spillway/messaging';
import { untilAvailable } from './until-available.js';

const config = {
  url: url('TOPOLOGY_URL', ['amqp', 'amqps'], {
    about: 'Address of RabbitMQ with a user that may configure',
  }),
  directory: parsed(SHARD_MAP.name, SHARD_MAP, (value) => ShardDirectory.parse(value)),
};

/** Declares exchanges, queues and bindings. Safe to repeat. */
export const topologyCommand = (): Command =>
  new Command('topology')
    .description("declare the broker's exchanges, queues and bindings; safe to repeat")
    .action(async () => {
      const { url: address, directory } = loadConfig(config);
      const wanted = topology(directory.shards);
      await untilAvailable('RabbitMQ', () => declareTopology(address, wanted));
      console.log(`declared ${wanted.exchanges.length} exchanges and ${wanted.queues.length} queues`);
    });
