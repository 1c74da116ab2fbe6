import type { Type } from '@nestjs/common';
import { getMetadataStorage } from 'class-validator';
import { bothOf, RuleSchema, type JsonSchema } from './json-schema.js';

/** What the decorators of a class say. */
export interface ClassSchema {
  readonly schema: JsonSchema & { readonly properties: Readonly<Record<string, JsonSchema>> };
  /** Properties that come as texts and are numbers. */
  readonly fromText: readonly string[];
}

type Rule = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];

/** The condition of `MayBeAbsent`, by which the decorator is known. */
export const isPresent = (_object: unknown, value: unknown): boolean => value !== undefined;

const isCount = (value: unknown): value is number => Number.isSafeInteger(value);

/** Rules of class-validator itself that we use, by name. Each must mean exactly what its schema means. */
const KNOWN: Readonly<Record<string, (constraints: readonly unknown[]) => JsonSchema | undefined>> = {
  isArray: () => ({ type: 'array' }),
  isString: () => ({ type: 'string' }),
  isBoolean: () => ({ type: 'boolean' }),
  arrayMaxSize: ([max]) => (isCount(max) ? { type: 'array', maxItems: max } : undefined),
  arrayMinSize: ([min]) => (isCount(min) ? { type: 'array', minItems: min } : undefined),
  isIn: ([values]) =>
    Array.isArray(values) && values.every((value) => typeof value === 'string')
      ? { type: 'string', enum: values }
      : undefined,
};

/**
 * The rules of a class as a JSON Schema.
 * @throws Error for a rule that has no schema here: it would not be checked.
 */
export function schemaOf(metatype: Type): ClassSchema {
  const rules = getMetadataStorage().getTargetValidationMetadatas(metatype, '', false, false);
  if (rules.length === 0) throw new Error(`${metatype.name} has no rules, so nothing could be accepted.`);
  const unusual = Object.getOwnPropertyNames(metatype.prototype).filter((name) => name !== 'constructor');
  if (unusual.length > 0)
    throw new Error(`${metatype.name} has ${unusual.join(', ')}: a checked value is plain data.`);
  const properties: Record<string, JsonSchema> = {};
  const optional = new Set<string>();
  const fromText: string[] = [];
  for (const rule of rules) {
    const { propertyName: name } = rule;
    properties[name] ??= {};
    if (rule.type === 'conditionalValidation' && rule.constraints[0] === isPresent) optional.add(name);
    else {
      const meaning = meaningOf(rule);
      if (meaning === undefined) throw unknownRule(metatype, rule);
      if (meaning.fromText) fromText.push(name);
      properties[name] = bothOf(properties[name], meaning.schema);
    }
  }
  return {
    schema: {
      type: 'object',
      properties,
      required: Object.keys(properties).filter((name) => !optional.has(name)),
      additionalProperties: false,
    },
    fromText,
  };
}

function meaningOf(rule: Rule): RuleSchema | undefined {
  if (rule.type !== 'customValidation' || rule.validateIf !== undefined) return undefined;
  if (rule.always !== undefined || (rule.groups ?? []).length > 0) return undefined;
  const constraints: readonly unknown[] = rule.constraints ?? [];
  const [first] = constraints;
  const known = rule.name !== undefined && Object.hasOwn(KNOWN, rule.name) ? KNOWN[rule.name] : undefined;
  const schema = first instanceof RuleSchema ? first.schema : known?.(constraints);
  if (schema === undefined) return undefined;
  const fromText = first instanceof RuleSchema && first.fromText;
  if (!rule.each) return new RuleSchema(schema, fromText);
  // Only our own rules refuse what is no list: those of class-validator pass over it.
  return first instanceof RuleSchema && !fromText
    ? new RuleSchema({ type: 'array', items: schema })
    : undefined;
}

const unknownRule = (metatype: Type, rule: Rule): Error =>
  new Error(
    `${metatype.name}.${rule.propertyName}: the rule ${rule.name ?? rule.type} cannot be compiled; ` +
      'give it a schema in libs/http/src/schema/schema-of.ts or use a rule of libs/http/src/text-rules.ts.',
  );
