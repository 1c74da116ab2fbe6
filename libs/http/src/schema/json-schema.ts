/** The part of JSON Schema (2020-12) that rules are written in. `format: storable` is our own, see `checks.ts`. */
export interface JsonSchema {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: false;
  readonly items?: JsonSchema;
  readonly allOf?: readonly JsonSchema[];
  readonly enum?: readonly (string | number | boolean)[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly format?: string;
}

/** What a rule of ours means, kept by class-validator as the constraint of its decorator. */
export class RuleSchema {
  constructor(
    readonly schema: JsonSchema,
    /** The value comes as a text and is turned into a number first. */
    readonly fromText = false,
  ) {}
}

/**
 * Both schemas at once. Keywords that meet are kept side by side; types must agree.
 * @throws Error when no value could be of both types.
 */
export function bothOf(a: JsonSchema, b: JsonSchema): JsonSchema {
  if (a.type !== undefined && b.type !== undefined && a.type !== b.type)
    throw new Error(`a value cannot be ${a.type} and ${b.type}`);
  const { items, ...rest } = b;
  const meets = (Object.keys(rest) as (keyof JsonSchema)[]).some(
    (key) => a[key] !== undefined && a[key] !== b[key],
  );
  const merged: JsonSchema = meets ? { ...a, allOf: [...(a.allOf ?? []), rest] } : { ...a, ...rest };
  if (items === undefined) return merged;
  return { ...merged, items: merged.items === undefined ? items : bothOf(merged.items, items) };
}
