import { describeController, type OperationInfo } from '@spillway/http/openapi';
import { ActOnLetterController } from '../dead-letters/act-on-letter.controller.js';
import { accepted, PUBLISHING } from './posts.js';

const act: Pick<OperationInfo, 'tag' | 'params' | 'answers' | 'errors'> = {
  tag: 'operations',
  params: { id: { type: 'string', format: 'uuid', description: 'The id of the dead letter.' } },
  answers: accepted,
  errors: [...PUBLISHING, 'not_found'],
};

export const letterRoutes = [
  describeController(ActOnLetterController, {
    replay: {
      summary: 'Send a dead letter again',
      description: 'The job is completed once that is decided; repeating it is harmless.',
      ...act,
    },
    discard: {
      summary: 'Give a dead letter up',
      description: 'The job of its command fails with discarded.',
      ...act,
    },
  }),
];
