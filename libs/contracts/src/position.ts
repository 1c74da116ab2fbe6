/**
 * A place in a shard's write-ahead log. `lsn` is the 64-bit WAL position as 16 hex digits, so that
 * text order is position order; positions of different timelines cannot be compared.
 */
export interface Position {
  readonly shard: string;
  readonly timeline: number;
  readonly lsn: string;
}

/** Postgres' `16/B374D848` as 16 hex digits. */
export function lsnFromPostgres(text: string): string {
  const [high = '', low = ''] = text.split('/');
  return high.padStart(8, '0').toLowerCase() + low.padStart(8, '0').toLowerCase();
}

/** True when `at` contains everything up to `wanted`: same shard, same timeline, at or past it. */
export const reaches = (at: Position, wanted: Position): boolean =>
  at.shard === wanted.shard && at.timeline === wanted.timeline && at.lsn >= wanted.lsn;
