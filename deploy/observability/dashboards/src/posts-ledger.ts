import { line, type Row } from './panels.js';

export const ledgerRow: Row = {
  title: 'Ledger',
  charts: [
    {
      title: 'Accepted commands that are nowhere',
      about: 'More than 0 for a minute means lost: npm run ledger tells the shard.',
      unit: 'short',
      lines: [line('max by (shard) (ledger_gap)', 'gap {{shard}}')],
    },
    {
      title: 'What became of accepted commands',
      about: 'Ends are counted in the transaction that made them; accepted is a lower bound across crashes.',
      unit: 'short',
      lines: [line('max by (shard, state) (ledger_commands)', '{{shard}} {{state}}')],
    },
    {
      title: 'In flight',
      about: 'Messages of a shard in the queues and with the writers.',
      unit: 'short',
      lines: [line('max by (shard) (ledger_in_flight_messages)', '{{shard}}')],
    },
  ],
};
