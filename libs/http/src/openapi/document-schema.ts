import type { SchemaData } from '@spillway/contracts/schemas';
import type { JsonSchema } from '../schema/json-schema.js';

/** `format: storable` in words that every validator knows. Halves of surrogate pairs are no Unicode text at all. */
const NO_NUL = '^[^\\u0000]*$';

/** The compiled schema of a class as others should read it. */
export function documentSchema(schema: JsonSchema): SchemaData {
  const { format, properties, items, allOf, ...rest } = schema;
  const storable = format === 'storable' && rest.pattern === undefined;
  return {
    ...rest,
    ...(storable ? { pattern: NO_NUL } : {}),
    ...(format === undefined || format === 'storable' ? {} : { format }),
    ...(items ? { items: documentSchema(items) } : {}),
    ...(allOf ? { allOf: allOf.map(documentSchema) } : {}),
    ...(properties
      ? {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, property]) => [name, documentSchema(property)]),
          ),
        }
      : {}),
  };
}
