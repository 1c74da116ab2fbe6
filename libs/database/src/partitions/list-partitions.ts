import type { DataSource } from 'typeorm';

/** The tables that are divided by the month of a post's id, in the order in which a month is detached. */
export const MONTHLY = ['post_tags', 'post_search', 'posts'] as const;

/**
 * `attached` takes part in everything, `detaching` was interrupted on its way out, `detached` is a table
 * of its own that nothing reads.
 */
export type PartitionState = 'attached' | 'detaching' | 'detached';

export interface PartitionTable {
  readonly parent: (typeof MONTHLY)[number] | 'post_changes';
  readonly table: string;
  /** Like 2026-11, or null where a partition is not a month. */
  readonly month: string | null;
  readonly state: PartitionState;
  /** As last counted by autovacuum. */
  readonly rows: number;
  readonly bytes: number;
}

interface Row {
  readonly parent: PartitionTable['parent'];
  readonly table: string;
  readonly state: PartitionState;
  readonly rows: string;
  readonly bytes: string;
}

const LIST = `
  SELECT substring(c.relname FROM '^(posts|post_tags|post_search|post_changes)_') AS parent, c.relname AS table,
         CASE WHEN i.inhrelid IS NULL THEN 'detached' WHEN i.inhdetachpending THEN 'detaching' ELSE 'attached' END AS state,
         greatest(c.reltuples, 0)::bigint AS rows, pg_total_relation_size(c.oid) AS bytes
  FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
    AND c.relname ~ '^(posts|post_tags|post_search)_[0-9]{6}(_detached(_[0-9]+)?)?$|^post_changes_[0-9]+$'
  ORDER BY 1, 2`;

/** Every partition of the shard that `source` is connected to, detached ones included. */
export async function listPartitions(source: DataSource): Promise<readonly PartitionTable[]> {
  const rows: Row[] = await source.query(LIST);
  return rows.map((row) => ({
    ...row,
    month: monthOf(row),
    rows: Number(row.rows),
    bytes: Number(row.bytes),
  }));
}

function monthOf({ parent, table }: Row): string | null {
  if (parent === 'post_changes') return null;
  const digits = table.slice(parent.length + 1, parent.length + 7);
  return `${digits.slice(0, 4)}-${digits.slice(4)}`;
}
