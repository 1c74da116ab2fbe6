import { Command } from 'commander';
import { corpusCommand } from './corpus.command.js';
import { deadLettersCommand } from './dead-letters.command.js';
import { ledgerCommand } from './ledger.command.js';
import { loadCommand } from './load.command.js';
import { migrateCommand } from './migrate.command.js';
import { partitionsCommand } from './partitions.command.js';
import { tokenCommand } from './token.command.js';
import { topologyCommand } from './topology.command.js';

const program = new Command('spillway')
  .description('Operate Spillway: schema, broker topology, tokens, imports, dead letters, ledger, partitions')
  .addCommand(migrateCommand())
  .addCommand(topologyCommand())
  .addCommand(tokenCommand())
  .addCommand(loadCommand())
  .addCommand(corpusCommand())
  .addCommand(deadLettersCommand())
  .addCommand(ledgerCommand())
  .addCommand(partitionsCommand());

try {
  await program.parseAsync();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
