const DAY_MS = 24 * 3600_000;
/** As the reader's first step looks back. */
const WINDOW_DAYS = 28;

/** An id that is not above any made at this time (RFC 9562 §5.7: 48 bits of milliseconds come first). */
export const idFloor = (timeMs: number): string => {
  const hex = Math.max(0, Math.floor(timeMs)).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
};

const COLUMNS =
  'tenant_id, id, author_id, channel_id, reply_to, content, content_version, tags, tags_version, deleted_by, command_id, trace_id, stored_at';

const quoted = (tenant: string): string => `'${tenant.replaceAll("'", "''")}'`;
const forTenant = (tenant: string): string => `SELECT set_config('app.tenant', ${quoted(tenant)}, true);`;

function select(tenant: string, now: number): string {
  const [low, high] = [idFloor(now - WINDOW_DAYS * DAY_MS), idFloor(now + DAY_MS)];
  return `SELECT ${COLUMNS} FROM posts WHERE tenant_id = ${quoted(tenant)} AND id >= '${low}' AND id < '${high}' AND deleted_by IS NULL ORDER BY id DESC LIMIT 21;`;
}

/** The reader's transaction for the first page of a tenant, with its values written out. */
export const pageScript = (tenant: string, now = Date.now()): string =>
  ['BEGIN READ ONLY;', forTenant(tenant), select(tenant, now), 'COMMIT;', ''].join('\n');

/** The same, sent at once by a superuser who acts as the reader: row-level security holds it to its tenant. */
export const heldPage = (tenant: string, now = Date.now()): string =>
  pipelined('BEGIN READ ONLY;', 'SET LOCAL ROLE reader;', forTenant(tenant), select(tenant, now), 'COMMIT;');

/** The same by the superuser, whom no policy holds, and who need not say for which tenant. */
export const unheldPage = (tenant: string, now = Date.now()): string =>
  pipelined('BEGIN READ ONLY;', 'SET LOCAL ROLE NONE;', select(tenant, now), 'COMMIT;');

/** pgbench sends statements that `\\;` divides in one message. */
const pipelined = (...statements: readonly string[]): string =>
  `${statements.join('').replaceAll(/;(?!$)/g, '\\;')}\n`;
