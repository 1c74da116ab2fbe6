import type { DataSource } from 'typeorm';
import { listPartitions, MONTHLY, type PartitionTable } from './list-partitions.js';

export interface DetachOptions {
  /** Whole months that are kept besides the one under way; at least 1. */
  readonly olderThan: number;
  /** Removes what is detached, for good, also what an earlier run kept. */
  readonly drop: boolean;
  /** Changes nothing. */
  readonly dryRun: boolean;
}

/** One thing that was done to a table, or would be. */
export interface DetachStep {
  readonly action: 'detach' | 'finish detaching' | 'drop';
  readonly table: string;
}

/**
 * Takes the months that are past their time out of posts, tags and search, without stopping readers or
 * writers, and removes emptied partitions of the change feed. Detached tables are renamed, so that their
 * month can be made again, and kept unless they are to be dropped. A run that was interrupted is
 * completed by the next one. Tells each step after it is done.
 * @throws when a lock is not had in time; what was told is done, and repeating goes on from there.
 */
export async function* detachPartitions(
  source: DataSource,
  { olderThan, drop, dryRun }: DetachOptions,
): AsyncGenerator<DetachStep> {
  if (!Number.isInteger(olderThan) || olderThan < 1)
    throw new Error('Nothing was detached: at least one whole month is kept.');
  const [{ cutoff }] = await source.query<[{ readonly cutoff: string }]>(
    `SELECT to_char(now() AT TIME ZONE 'UTC' - make_interval(months => $1), 'YYYY-MM') AS cutoff`,
    [olderThan],
  );
  const all = await listPartitions(source);
  for (const parent of MONTHLY)
    for (const partition of all)
      if (partition.parent === parent && partition.month !== null && partition.month < cutoff)
        yield* takeOut(source, partition, { drop, dryRun });
  for (const partition of await emptied(source, all))
    yield* takeOut(source, partition, { drop: true, dryRun });
}

async function* takeOut(
  source: DataSource,
  { parent, table, state }: PartitionTable,
  { drop, dryRun }: { readonly drop: boolean; readonly dryRun: boolean },
): AsyncGenerator<DetachStep> {
  let name = table;
  if (state !== 'detached') {
    const pending = state === 'detaching';
    if (!dryRun) {
      await source.query(
        `ALTER TABLE public.${quoted(parent)} DETACH PARTITION public.${quoted(table)} ${pending ? 'FINALIZE' : 'CONCURRENTLY'}`,
      );
      name = await rename(source, table);
    }
    yield { action: pending ? 'finish detaching' : 'detach', table };
  }
  if (!drop) return;
  if (!dryRun) await source.query(`DROP TABLE public.${quoted(name)}`);
  yield { action: 'drop', table: name };
}

/** Gives a detached table a name that no partition will want. */
async function rename(source: DataSource, table: string): Promise<string> {
  for (let n = 1; ; n++) {
    const name = `${table}_detached${n === 1 ? '' : `_${n}`}`;
    const [{ taken }] = await source.query<[{ readonly taken: boolean }]>(
      `SELECT to_regclass('public.' || quote_ident($1)) IS NOT NULL AS taken`,
      [name],
    );
    if (taken) continue;
    await source.query(`ALTER TABLE public.${quoted(table)} RENAME TO ${quoted(name)}`);
    return name;
  }
}

/** Partitions of the feed that were purged as a whole: the feed begins behind them. */
async function emptied(
  source: DataSource,
  all: readonly PartitionTable[],
): Promise<readonly PartitionTable[]> {
  const rows: { readonly table: string }[] = await source.query(
    `SELECT c.relname AS table FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid, feed_cursors f
     WHERE i.inhparent = 'public.post_changes'::regclass AND f.name = 'purged'
       AND substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \\(''([0-9]+)''\\)')::numeric <= f.xid::text::numeric`,
  );
  const tables = new Set(rows.map(({ table }) => table));
  return all.filter(({ table }) => tables.has(table));
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
