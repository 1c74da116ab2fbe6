import { Command } from 'commander';

/** `load FILE.ndjson`: imports real messages through the public API. */
export function loadCommand(): Command {
  return new Command('load').description('import messages from an NDJSON file through the public API').argument('<file>');
}
