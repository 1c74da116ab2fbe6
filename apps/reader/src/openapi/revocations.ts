import { describeController } from '@spillway/http/openapi';
import { RevocationsController } from '../revocations/revocations.controller.js';

const headers = ['Served-By', 'Replica-Lag', 'Cache-Control', 'Vary'] as const;

export const revocationRoutes = [
  describeController(RevocationsController, {
    list: {
      summary: 'Revoked tokens, the newest revocation first',
      description: 'Of the tenant of the token, until an hour after the revoked token has expired.',
      tag: 'operations',
      headers: ['Consistency-Token'],
      answers: { 200: { description: 'A page.', schema: 'RevocationPage', headers } },
      errors: ['invalid_cursor', 'database_unavailable', 'consistency_unavailable'],
    },
  }),
];
