import {
  TOP_WINDOWS,
  type Change,
  type ChangePage,
  type HourStats,
  type SearchHit,
  type SearchPage,
  type SnippetPart,
  type Stats,
  type TagCount,
  type TagPage,
  type TopPost,
  type TopPosts,
} from '../reads.js';
import { objectSchema, refTo } from './object-schema.js';
import { count, nextCursor, text, time, uuid } from './parts.js';

const list = (name: string) => ({ type: 'array', items: refTo(name) });
const counts = { created: count, edited: count, deleted: count };

/** What is answered to reads that are derived from the change feed. */
export const READ_SCHEMAS = {
  TopPost: objectSchema<TopPost>('A post with the replies that it got in a window.', {
    post: refTo('Post'),
    replies: count,
  }),
  TopPosts: objectSchema<TopPosts>('Most replied first.', {
    window: { type: 'string', enum: TOP_WINDOWS },
    items: list('TopPost'),
  }),
  SnippetPart: objectSchema<SnippetPart>('Plain text, no markup.', {
    text,
    match: { type: 'boolean', description: 'True where it is what was searched for.' },
  }),
  SearchHit: objectSchema<SearchHit>('A post that was found, and where.', {
    post: refTo('Post'),
    snippet: list('SnippetPart'),
  }),
  SearchPage: objectSchema<SearchPage>('Newest first.', { items: list('SearchHit'), nextCursor }),
  TagCount: objectSchema<TagCount>('', { tag: text, posts: count }),
  TagPage: objectSchema<TagPage>('In the order of code points.', { items: list('TagCount'), nextCursor }),
  HourStats: objectSchema<HourStats>('Of the posts made in this hour, whenever that happened to them.', {
    hour: time,
    ...counts,
  }),
  Stats: objectSchema<Stats>('Exact to the change that upTo stands at.', {
    posts: { ...count, description: 'Created and not deleted.' },
    ...counts,
    upTo: {
      ...text,
      description: 'A cursor of GET /v1/changes: all before it is counted, nothing after it.',
    },
    at: { ...time, description: 'When that place was reached.' },
    hours: list('HourStats'),
  }),
  Change: objectSchema<Change>('What one transaction did to one post.', {
    type: { type: 'string', enum: ['created', 'edited', 'deleted'] },
    postId: uuid,
    at: time,
    post: {
      anyOf: [refTo('Post'), { type: 'null' }],
      description: 'As it is now, which may be later than the change; null when it is deleted.',
    },
  }),
  ChangePage: objectSchema<ChangePage>('Changes in the order of commits.', {
    items: list('Change'),
    cursor: { ...text, description: 'Where to go on, also when there was nothing.' },
    more: { type: 'boolean', description: 'True when there is more already.' },
  }),
} as const;
