export type QueryValue = string | number | Date | readonly string[] | undefined;

/** A query with its question mark; empty without values. Lists have commas, times are in UTC. */
export function queryOf(params: Readonly<Record<string, QueryValue>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined) continue;
    query.set(name, value instanceof Date ? value.toISOString() : String(value));
  }
  return query.size > 0 ? `?${query.toString()}` : '';
}
