import { describeController } from '@spillway/http/openapi';
import { ChangesController } from '../changes/changes.controller.js';
import { SearchController } from '../search/search.controller.js';
import { StatsController } from '../stats/stats.controller.js';
import { TagsController } from '../tags/tags.controller.js';
import { TopController } from '../top/top.controller.js';
import { keptAnswers, READ_ERRORS, READ_HEADERS } from './read-answers.js';

/** Reads of what the leader among the writers derives from the change feed, and of the feed itself. */
export const derivedRoutes = [
  describeController(TopController, {
    list: {
      summary: 'Posts with the most replies',
      description: 'In the last hours of the window, whole ones, 24h when left out; `all` is of all time.',
      tag: 'posts',
      headers: READ_HEADERS,
      answers: keptAnswers('The posts, most replied first.', 'TopPosts'),
      errors: READ_ERRORS,
    },
  }),
  describeController(SearchController, {
    list: {
      summary: 'Posts by their words, newest first',
      description: 'Words that must all be there, "phrases", `or`, and `-` before what must not be there.',
      tag: 'posts',
      headers: READ_HEADERS,
      answers: keptAnswers('A page.', 'SearchPage'),
      errors: ['invalid_cursor', ...READ_ERRORS],
    },
  }),
  describeController(TagsController, {
    list: {
      summary: 'Tags in use, by how they begin',
      tag: 'posts',
      headers: READ_HEADERS,
      answers: keptAnswers('A page.', 'TagPage'),
      errors: ['invalid_cursor', ...READ_ERRORS],
    },
  }),
  describeController(StatsController, {
    get: {
      summary: 'How many posts there are',
      description:
        'With the hours from since (inclusive) until until (exclusive), 744 at most; the last 24 when left out.',
      tag: 'posts',
      headers: READ_HEADERS,
      answers: keptAnswers('The counts.', 'Stats'),
      errors: READ_ERRORS,
    },
  }),
  describeController(ChangesController, {
    list: {
      summary: 'What happened to the posts, in the order of commits',
      description:
        'Nothing ever appears behind a cursor. Without `after` from the oldest that is kept; `after=now` gives the cursor of this moment.',
      tag: 'posts',
      headers: READ_HEADERS,
      answers: keptAnswers('The next changes.', 'ChangePage', ['Consistency-Token']),
      errors: ['invalid_cursor', 'cursor_expired', ...READ_ERRORS],
    },
  }),
];
