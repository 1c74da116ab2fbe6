import { describeController } from '@spillway/http/openapi';
import { DeadLettersController } from '../dead-letters/dead-letters.controller.js';

const headers = ['Served-By', 'Replica-Lag', 'Cache-Control', 'Vary'] as const;

export const letterRoutes = [
  describeController(DeadLettersController, {
    list: {
      summary: 'Dead letters, newest first',
      description: 'Of the tenant of the token, without content. Open ones when no state is given.',
      tag: 'operations',
      headers: ['Consistency-Token'],
      answers: { 200: { description: 'A page.', schema: 'DeadLetterPage', headers } },
      errors: ['invalid_cursor', 'database_unavailable', 'consistency_unavailable'],
    },
    get: {
      summary: 'One dead letter with what was done about it',
      tag: 'operations',
      params: { id: { type: 'string', format: 'uuid' } },
      headers: ['Consistency-Token'],
      answers: { 200: { description: 'The letter.', schema: 'DeadLetterDetail', headers } },
      errors: ['not_found', 'database_unavailable', 'consistency_unavailable'],
    },
  }),
];
