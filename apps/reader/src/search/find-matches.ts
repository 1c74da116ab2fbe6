import type { StoredPost } from '@spillway/contracts/server';
import type { ReadScope } from '@spillway/database/read';
import { nearTogether } from '../posts/near-together.js';
import { postColumns } from '../posts/select-posts.js';
import { windowsOf } from '../posts/windows.js';
import { MARKED_OPTIONS, SNIPPET_SOURCE_CHARACTERS } from './snippet.js';

export interface SearchQuery {
  readonly tenant: string;
  /** As people type it: words, "phrases", or, -without. */
  readonly q: string;
  readonly before?: string | undefined;
  readonly limit: number;
  /** Unix milliseconds. */
  readonly now: number;
}

export interface Match {
  readonly post: StoredPost;
  /** Text with marks around what was found; `snippetParts` reads it. */
  readonly marked: string;
}

export interface FoundMatches {
  /** Newest first. */
  readonly matches: readonly Match[];
  readonly next: string | null;
}

/** The newest posts with the words that are searched for; the newest weeks are asked first. */
export async function findMatches(scope: ReadScope, query: SearchQuery): Promise<FoundMatches> {
  const { tenant, q, before, limit, now } = query;
  const ids: string[] = [];
  for (const { low, high } of windowsOf({}, before, now)) {
    const rows = await scope.query<{ id: string }>(
      'SELECT search_posts((SELECT search_query($1)), $2, $3, $4) AS id',
      [q, low, high, limit + 1 - ids.length],
    );
    ids.push(...rows.map(({ id }) => id));
    if (ids.length > limit) break;
  }
  const page = ids.slice(0, limit);
  const matches = await Promise.all(nearTogether(page).map((run) => matchesOf(scope, tenant, q, run)));
  return {
    matches: matches.flat(),
    next: ids.length > limit ? (page.at(-1) ?? null) : null,
  };
}

type Row = StoredPost & { readonly marked: string };

/** Posts of one page that are near together, with their snippets, which are made of these only. */
async function matchesOf(
  scope: ReadScope,
  tenant: string,
  q: string,
  ids: readonly string[],
): Promise<readonly Match[]> {
  const rows = await scope.query<Row>(
    `WITH asked AS MATERIALIZED (SELECT search_query($5) AS query,
       (SELECT languages FROM feed_cursors WHERE name = 'search') AS languages)
     SELECT p.*, (SELECT h FROM asked, unnest(asked.languages) AS language,
         ts_headline(language::regconfig, left(translate(p.content, E'\\x02\\x03', ''), ${SNIPPET_SOURCE_CHARACTERS}), asked.query, '${MARKED_OPTIONS}') AS h
       ORDER BY position(E'\\x02' IN h) > 0 DESC LIMIT 1) AS marked
     FROM (SELECT ${postColumns()} FROM posts
       WHERE tenant_id = $1 AND id = ANY($2::uuid[]) AND id >= $3 AND id <= $4 AND deleted_by IS NULL) p`,
    [tenant, ids, ids.at(-1), ids[0], q],
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => {
    const row = byId.get(id);
    if (!row) return [];
    const { marked, ...post } = row;
    return [{ post, marked }];
  });
}
