import { codePoints, isStorable, UUID, UUID_V7 } from '@spillway/contracts';
import { registerDecorator, ValidateIf, type ValidationOptions } from 'class-validator';
import { entriesDetail } from './rule-detail.js';
import { RuleSchema, type JsonSchema } from './schema/json-schema.js';
import { isPresent } from './schema/schema-of.js';

/** With `each`, the value must be a list and the rule holds for every entry of it. */
type Rule = Pick<ValidationOptions, 'each'>;

/** May be left out; null is a value and is checked. */
export const MayBeAbsent = () => ValidateIf(isPresent);

/** Between `min` and `max` Unicode code points. */
export const TextLength = (min: number, max: number, rule: Rule = {}) =>
  textRule({
    name: 'textLength',
    rule,
    detail: `must be a text of ${min} to ${max} characters`,
    schema: { minLength: min, maxLength: max },
    holds: (text) => {
      if (text.length > 2 * max) return false;
      const length = codePoints(text);
      return length >= min && length <= max;
    },
  });

/** No U+0000 and no lone surrogate: what Postgres can store as it is. */
export const Storable = (rule: Rule = {}) =>
  textRule({
    name: 'storable',
    rule,
    detail: 'must not contain U+0000 or half of a surrogate pair',
    schema: { format: 'storable' },
    holds: isStorable,
  });

/** A UUID in its canonical lower-case form. */
export const IsUuidText = (rule: Rule = {}) =>
  textRule({
    name: 'uuidText',
    rule,
    detail: 'must be a UUID in lower case',
    schema: { format: 'uuid', pattern: UUID.source },
    holds: (text) => UUID.test(text),
  });

/** A UUID of version 7 in its canonical lower-case form. */
export const IsUuidV7Text = (rule: Rule = {}) =>
  textRule({
    name: 'uuidV7Text',
    rule,
    detail: 'must be a UUID of version 7 in lower case',
    schema: { format: 'uuid', pattern: UUID_V7.source },
    holds: (text) => UUID_V7.test(text),
  });

/**
 * A text that the pattern describes; `form` says it in words.
 * @throws Error when the pattern has flags: its schema could not say them.
 */
export function TextForm(pattern: RegExp, form: string, rule: Rule = {}): PropertyDecorator {
  if (pattern.flags !== '') throw new Error(`the pattern ${String(pattern)} must do without flags`);
  return textRule({
    name: 'textForm',
    rule,
    detail: `must be ${form}`,
    schema: { pattern: pattern.source },
    holds: (text) => pattern.test(text),
  });
}

/** A whole number in a query parameter: its text becomes the number before it is checked. */
export function IntegerText(min: number, max: number): PropertyDecorator {
  const schema: JsonSchema = { type: 'integer', minimum: min, maximum: max };
  const detail = `must be a whole number from ${min} to ${max}`;
  return (target, property) => {
    registerDecorator({
      name: 'integerText',
      target: target.constructor,
      propertyName: String(property),
      constraints: [new RuleSchema(schema, true)],
      validator: {
        validate: (value) => Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max,
        defaultMessage: () => detail,
      },
    });
  };
}

interface TextRule {
  readonly name: string;
  readonly rule: Rule;
  /** What is wrong, in words. */
  readonly detail: string;
  /** The same for the compiled check. A test holds it equal to `holds`. */
  readonly schema: Omit<JsonSchema, 'type'>;
  readonly holds: (text: string) => boolean;
}

function textRule({ name, rule, detail, schema, holds }: TextRule): PropertyDecorator {
  const accepts = (value: unknown): boolean => typeof value === 'string' && holds(value);
  const each = rule.each === true;
  return (target, property) => {
    registerDecorator({
      name,
      target: target.constructor,
      propertyName: String(property),
      constraints: [new RuleSchema({ type: 'string', ...schema })],
      options: rule,
      validator: {
        validate: (value, args) => (!each || Array.isArray(args?.value)) && accepts(value),
        defaultMessage: (args) => (each ? entriesDetail(detail, args?.value, accepts) : detail),
      },
    });
  };
}
