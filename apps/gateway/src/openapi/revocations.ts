import { describeController } from '@spillway/http/openapi';
import { RevokeTokenController } from '../revocations/revoke-token.controller.js';
import { accepted, PUBLISHING } from './posts.js';

export const revocationRoutes = [
  describeController(RevokeTokenController, {
    revoke: {
      summary: 'Revoke a token',
      description:
        'By its jti, within the tenant. Refused everywhere at most 2 s after its job has completed; repeating it is harmless.',
      tag: 'operations',
      answers: accepted,
      errors: [...PUBLISHING],
    },
  }),
];
