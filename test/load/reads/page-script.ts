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

/** The reader's transaction for the first page of a tenant, with its values written out. */
export function pageScript(tenant: string, now = Date.now()): string {
  const name = tenant.replaceAll("'", "''");
  const [low, high] = [idFloor(now - WINDOW_DAYS * DAY_MS), idFloor(now + DAY_MS)];
  return [
    'BEGIN READ ONLY;',
    `SELECT set_config('app.tenant', '${name}', true);`,
    `SELECT ${COLUMNS} FROM posts WHERE tenant_id = '${name}' AND id >= '${low}' AND id < '${high}' AND deleted_by IS NULL ORDER BY id DESC LIMIT 21;`,
    'COMMIT;',
    '',
  ].join('\n');
}
