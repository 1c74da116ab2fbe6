import { describeController } from '@spillway/http/openapi';
import { keptAnswers, READ_ERRORS, READ_HEADERS } from './read-answers.js';
import { GetJobController } from '../jobs/get-job.controller.js';
import { JobEventsController } from '../jobs/job-events.controller.js';
import { GetPostController } from '../posts/get-post.controller.js';
import { ListPostsController } from '../posts/list-posts.controller.js';

export const readRoutes = [
  describeController(ListPostsController, {
    list: {
      summary: 'Posts, newest first',
      description:
        'Filters combine. nextCursor leads to the next page of the same list, and only its absence is the end.',
      tag: 'posts',
      headers: READ_HEADERS,
      answers: keptAnswers('A page.', 'PostPage'),
      errors: ['invalid_cursor', ...READ_ERRORS],
    },
  }),
  describeController(GetPostController, {
    get: {
      summary: 'One post',
      tag: 'posts',
      params: { id: { type: 'string', format: 'uuid' } },
      headers: READ_HEADERS,
      answers: keptAnswers('The post.', 'Post'),
      errors: ['not_found', ...READ_ERRORS],
    },
  }),
  describeController(GetJobController, {
    get: {
      summary: 'What became of a command',
      description: 'Job ids are honoured for 7 days; another tenant’s are not there.',
      tag: 'jobs',
      headers: ['Prefer'],
      answers: {
        200: {
          description: 'The job. While it is processing, Retry-After says when to ask again.',
          schema: 'Job',
          headers: ['Retry-After', 'Preference-Applied', 'Cache-Control'],
        },
      },
      errors: ['not_found', 'database_unavailable'],
    },
  }),
  describeController(JobEventsController, {
    stream: {
      summary: 'The job as Server-Sent Events, until it has ended',
      tag: 'jobs',
      headers: ['Last-Event-ID'],
      answers: {
        200: {
          description: 'Events whose data is the job.',
          schema: { type: 'string' },
          mediaType: 'text/event-stream',
          headers: ['Cache-Control'],
        },
        204: { description: 'The client has seen the end: there is nothing more to come.' },
      },
      errors: ['not_found', 'database_unavailable', 'too_many_streams', 'streams_exhausted'],
    },
  }),
];
