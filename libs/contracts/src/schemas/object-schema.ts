/** A schema as data (JSON Schema 2020-12, which OpenAPI 3.1 and AsyncAPI 3 use as it is). */
export type SchemaData = Readonly<Record<string, unknown>>;

/** A property that may be left out. */
export interface OptionalProperty {
  readonly optional: SchemaData;
}

export const optional = (schema: SchemaData): OptionalProperty => ({ optional: schema });

/** Every property of a type, as optional as it is there: a missing, extra or wrongly optional one does not compile. */
type PropertiesOf<T> = {
  readonly [K in keyof T]-?: undefined extends T[K] ? OptionalProperty : SchemaData;
};

/** The schema of an object with the properties of an interface and no others. */
export const objectSchema = <T extends object>(
  description: string,
  properties: PropertiesOf<T>,
): SchemaData => ({ ...openSchema<T>(description, properties), additionalProperties: false });

/** The same for messages, whose readers pass over properties that they do not know. */
export function openSchema<T extends object>(description: string, properties: PropertiesOf<T>): SchemaData {
  const entries = Object.entries<SchemaData | OptionalProperty>(properties);
  const isOptional = (property: SchemaData | OptionalProperty): property is OptionalProperty =>
    Object.hasOwn(property, 'optional');
  return {
    ...(description === '' ? {} : { description }),
    type: 'object',
    properties: Object.fromEntries(
      entries.map(([name, property]) => [name, isOptional(property) ? property.optional : property]),
    ),
    required: entries.filter(([, property]) => !isOptional(property)).map(([name]) => name),
  };
}

/** A schema of the document's components. */
export const refTo = (name: string): SchemaData => ({ $ref: `#/components/schemas/${name}` });
