import type { ShardLedger } from './measure-ledger.js';

export const isBalanced = (shards: readonly ShardLedger[]): boolean => shards.every(({ gap }) => gap === 0);

const COLUMNS = [
  'accepted',
  'surplus',
  'committed',
  'duplicate',
  'superseded',
  'failed',
  'parked',
  'messages',
] as const;

/** A table for people, and what it means. */
export function shownLedger(shards: readonly ShardLedger[]): string {
  const head = ['shard', ...COLUMNS.map((name) => (name === 'messages' ? 'in queues' : name)), 'missing'];
  const rows = shards.map((ledger) => [
    ledger.shard,
    ...COLUMNS.map((name) => String(ledger[name])),
    String(ledger.gap),
  ]);
  const widths = head.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ');
  const verdict = isBalanced(shards)
    ? shards.some(({ messages }) => messages > 0)
      ? 'Balanced as far as can be told while messages are on their way (in queues: messages, not commands).'
      : 'Balanced: every accepted command is accounted for.'
    : 'NOT BALANCED: accepted commands are missing. See "The ledger" in docs/operations.md.';
  return [line(head), ...rows.map(line), '', verdict].join('\n');
}
