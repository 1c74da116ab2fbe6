import { uuidV7Floor, uuidV7Time } from '@spillway/contracts';
import { PostEntity, type ReadScope } from '@spillway/database/read';

export interface PostFilter {
  readonly tenant: string;
  readonly channelId?: string;
  readonly authorId?: string;
}

const DAY_MS = 24 * 3600_000;
const FIRST_WINDOW_MS = 28 * DAY_MS;
const WIDEN = 4;
const NEWEST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
const OLDEST_ID = '00000000-0000-0000-0000-000000000000';

/**
 * The newest `limit` posts with an id below `before`, newest first. Both ends of the id range are always
 * given: each step looks at few partitions and the next one at four times as long a time, and only the
 * last, widest one may touch them all.
 */
export async function findPosts(
  scope: ReadScope,
  filter: PostFilter,
  before: string | undefined,
  limit: number,
  now: number,
): Promise<PostEntity[]> {
  const found: PostEntity[] = [];
  let high = before ?? NEWEST_ID;
  let windowMs = FIRST_WINDOW_MS;
  const top = before === undefined ? now : Math.min(now, uuidV7Time(before));
  while (found.length < limit) {
    const low = top - windowMs > 0 ? uuidV7Floor(top - windowMs) : OLDEST_ID;
    const page = await select(scope, filter, low, high, limit - found.length);
    found.push(...page);
    if (low === OLDEST_ID) break;
    high = low;
    windowMs *= WIDEN;
  }
  return found;
}

function select(
  scope: ReadScope,
  filter: PostFilter,
  low: string,
  high: string,
  limit: number,
): Promise<PostEntity[]> {
  const query = scope
    .select(PostEntity, 'post')
    .where('post.tenantId = :tenant AND post.id >= :low AND post.id < :high', {
      tenant: filter.tenant,
      low,
      high,
    })
    .andWhere('post.deletedBy IS NULL');
  if (filter.channelId !== undefined)
    query.andWhere('post.channelId = :channelId', { channelId: filter.channelId });
  if (filter.authorId !== undefined)
    query.andWhere('post.authorId = :authorId', { authorId: filter.authorId });
  return query.orderBy('post.id', 'DESC').limit(limit).getMany();
}
