import { refTo } from '@spillway/contracts/schemas';
import { describeController } from '@spillway/http/openapi';
import { JobTimelineController } from '../timeline/job-timeline.controller.js';

const OTLP = {
  type: 'object',
  description: 'Traces as OTLP JSON, with `format=otlp`.',
  properties: { resourceSpans: { type: 'array', items: { type: 'object' } } },
  required: ['resourceSpans'],
  additionalProperties: false,
};

export const timelineRoutes = [
  describeController(JobTimelineController, {
    get: {
      summary: 'The life of a job',
      description:
        'From what is stored, whether it was traced or not. With format=otlp as traces that Jaeger opens.',
      tag: 'jobs',
      answers: {
        200: {
          description: 'The timeline.',
          schema: { oneOf: [refTo('JobTimeline'), OTLP] },
          headers: ['Served-By', 'Replica-Lag', 'Cache-Control'],
        },
      },
      errors: ['not_found', 'database_unavailable'],
    },
  }),
];
