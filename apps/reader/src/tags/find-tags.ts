import { TAG_MAX_CODE_POINTS, type TagCount } from '@spillway/contracts';
import type { ReadScope } from '@spillway/database/read';

/** Behind every tag that begins with what stands before it, in the order of code points. */
const LAST = '\u{10FFFF}'.repeat(TAG_MAX_CODE_POINTS);

/** A final sigma at the end of a prefix need not be final in the tag; the two are neighbours in their order. */
const SIGMA_AT_END = /[ςσ]$/u;

/** Tags in use that begin with `prefix`, in the order of code points, from behind `after` on. */
export async function findTags(
  scope: ReadScope,
  tenant: string,
  prefix: string,
  after: string | undefined,
  limit: number,
): Promise<readonly TagCount[]> {
  const rows = await scope.query<{ tag: string; posts: string }>(
    `SELECT tag, posts FROM tag_counts WHERE tenant_id = $1 AND tag >= $2 AND tag < $3 AND tag > $4 AND posts > 0
     ORDER BY tag LIMIT $5`,
    [tenant, prefix.replace(SIGMA_AT_END, 'ς'), prefix.replace(SIGMA_AT_END, 'σ') + LAST, after ?? '', limit],
  );
  return rows.map(({ tag, posts }) => ({ tag, posts: Number(posts) }));
}
