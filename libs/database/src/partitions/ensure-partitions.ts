import type { DataSource } from 'typeorm';

const MONTHS = `
  SELECT to_char(m, 'YYYY-MM-DD') AS first
  FROM generate_series(coalesce($1::timestamp, date_trunc('month', now() AT TIME ZONE 'UTC')),
                       (now() AT TIME ZONE 'UTC') + make_interval(months => $2), interval '1 month') AS m`;

/**
 * Makes the partitions of every month from `from` (like 2019-05; this month when undefined) to `ahead`
 * months after this one. A statement a month, since each holds its locks until it ends.
 * @returns in how many months something was missing.
 */
export async function ensurePartitions(
  source: DataSource,
  from: string | undefined,
  ahead: number,
): Promise<number> {
  const months: { readonly first: string }[] = await source.query(MONTHS, [from && `${from}-01`, ahead]);
  let made = 0;
  for (const { first } of months) {
    const [row] = await source.query<[{ readonly made: boolean }]>(
      `SELECT ensure_partitions($1::timestamp AT TIME ZONE 'UTC') AS made`,
      [first],
    );
    if (row.made) made++;
  }
  return made;
}
