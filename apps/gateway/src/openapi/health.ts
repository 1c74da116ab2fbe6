import { objectSchema, type SchemaData } from '@spillway/contracts/schemas';
import type { DependencyHealth, HealthReport } from '@spillway/health';
import { describeController } from '@spillway/http/openapi';
import { HealthController } from '../health/health.controller.js';
import type { QueueFigures } from '../health/queue-figures.js';

const figure: SchemaData = { type: ['integer', 'null'], minimum: 0 };
const ready: SchemaData = {
  type: 'object',
  properties: { ready: { type: 'boolean' } },
  required: ['ready'],
  additionalProperties: false,
};
const status: SchemaData = { type: 'string', enum: ['up', 'down'] };
const report = objectSchema<HealthReport>('', {
  status,
  ready: { type: 'boolean' },
  dependencies: {
    type: 'object',
    additionalProperties: objectSchema<DependencyHealth>('', { status, required: { type: 'boolean' } }),
  },
});

export const healthRoutes = [
  describeController(HealthController, {
    report: {
      summary: 'Whether posts can be accepted',
      description: 'Every dependency, up or down, without addresses.',
      tag: 'health',
      answers: {
        200: { description: 'Posts can be accepted.', schema: report },
        503: { description: 'Posts cannot be accepted.', schema: report },
      },
    },
    live: {
      summary: 'Whether the process runs',
      tag: 'health',
      answers: {
        200: {
          description: 'It runs.',
          schema: {
            type: 'object',
            properties: { status: { const: 'up' } },
            required: ['status'],
            additionalProperties: false,
          },
        },
      },
    },
    ready: {
      summary: 'Whether requests should be sent here',
      tag: 'health',
      answers: {
        200: { description: 'They should.', schema: ready },
        503: { description: 'Not now.', schema: ready },
      },
    },
    figures: {
      summary: 'What waits in the queues',
      description: 'A figure that is not known is null.',
      tag: 'health',
      answers: {
        200: {
          description: 'The figures, at most a second old.',
          schema: objectSchema<QueueFigures>('', {
            queue: { const: 'post-creation' },
            waiting: figure,
            active: figure,
            completed: figure,
            failed: figure,
            delayed: figure,
            total: figure,
          }),
        },
      },
    },
  }),
];
