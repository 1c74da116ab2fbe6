import { Command } from 'commander';

/** `corpus`: makes a file of real messages from what Debian ships. */
export function corpusCommand(): Command {
  return new Command('corpus').description('make an NDJSON file of real messages from what Debian ships');
}
