import { codePoints, isStorable, isUuid, isUuidV7 } from '@spillway/contracts';
import { Transform } from 'class-transformer';
import { registerDecorator, ValidateIf, type ValidationOptions } from 'class-validator';
import { entriesDetail } from './rule-detail.js';

/** With `each`, the value must be a list and the rule holds for every entry of it. */
type Rule = Pick<ValidationOptions, 'each'>;

/** May be left out; null is a value and is checked. */
export const MayBeAbsent = () => ValidateIf((_object, value) => value !== undefined);

/** Between `min` and `max` Unicode code points. */
export const TextLength = (min: number, max: number, rule: Rule = {}) =>
  textRule('textLength', rule, `must be a text of ${min} to ${max} characters`, (text) => {
    if (text.length > 2 * max) return false;
    const length = codePoints(text);
    return length >= min && length <= max;
  });

/** No U+0000 and no lone surrogate: what Postgres can store as it is. */
export const Storable = (rule: Rule = {}) =>
  textRule('storable', rule, 'must not contain U+0000 or half of a surrogate pair', isStorable);

/** A UUID in its canonical lower-case form. */
export const IsUuidText = (rule: Rule = {}) =>
  textRule('uuidText', rule, 'must be a UUID in lower case', isUuid);

/** A UUID of version 7 in its canonical lower-case form. */
export const IsUuidV7Text = (rule: Rule = {}) =>
  textRule('uuidV7Text', rule, 'must be a UUID of version 7 in lower case', isUuidV7);

/** A text that the pattern describes; `form` says it in words. */
export const TextForm = (pattern: RegExp, form: string, rule: Rule = {}) =>
  textRule('textForm', rule, `must be ${form}`, (text) => pattern.test(text));

/** A whole number in a query parameter. */
export function IntegerText(min: number, max: number): PropertyDecorator {
  const detail = `must be a whole number from ${min} to ${max}`;
  return (target, property) => {
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value,
    )(target, property);
    registerDecorator({
      name: 'integerText',
      target: target.constructor,
      propertyName: String(property),
      validator: {
        validate: (value) => Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max,
        defaultMessage: () => detail,
      },
    });
  };
}

function textRule(
  name: string,
  rule: Rule,
  detail: string,
  holds: (text: string) => boolean,
): PropertyDecorator {
  const accepts = (value: unknown): boolean => typeof value === 'string' && holds(value);
  const each = rule.each === true;
  return (target, property) => {
    registerDecorator({
      name,
      target: target.constructor,
      propertyName: String(property),
      options: rule,
      validator: {
        validate: (value, args) => (!each || Array.isArray(args?.value)) && accepts(value),
        defaultMessage: (args) => (each ? entriesDetail(detail, args?.value, accepts) : detail),
      },
    });
  };
}
