import { UUID } from '../ids.js';
import type { SchemaData } from './object-schema.js';

export const uuid: SchemaData = { type: 'string', format: 'uuid', pattern: UUID.source };
export const time: SchemaData = { type: 'string', format: 'date-time' };
export const text: SchemaData = { type: 'string' };
export const count: SchemaData = { type: 'integer', minimum: 0 };
export const orNull = (schema: SchemaData): SchemaData => ({ ...schema, type: [schema['type'], 'null'] });

export const nextCursor: SchemaData = {
  type: ['string', 'null'],
  description: 'Leads to the next page; null on the last one, and only there.',
};
