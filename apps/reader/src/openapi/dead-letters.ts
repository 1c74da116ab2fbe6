import { describeController } from '@spillway/http/openapi';
import { DeadLettersController } from '../dead-letters/dead-letters.controller.js';
import { keptAnswers, READ_ERRORS, READ_HEADERS } from './read-answers.js';

export const letterRoutes = [
  describeController(DeadLettersController, {
    list: {
      summary: 'Dead letters, newest first',
      description: 'Of the tenant of the token, without content. Open ones when no state is given.',
      tag: 'operations',
      headers: READ_HEADERS,
      answers: keptAnswers('A page.', 'DeadLetterPage'),
      errors: ['invalid_cursor', ...READ_ERRORS],
    },
    get: {
      summary: 'One dead letter with what was done about it',
      tag: 'operations',
      params: { id: { type: 'string', format: 'uuid' } },
      headers: READ_HEADERS,
      answers: keptAnswers('The letter.', 'DeadLetterDetail'),
      errors: ['not_found', ...READ_ERRORS],
    },
  }),
];
