import { codePoints, isStorable } from '@spillway/contracts';
import { _, Ajv, type KeywordCxt, type ValidateFunction } from 'ajv';
import type { JsonSchema } from './json-schema.js';

/** Says whether a value is what a schema describes. Never throws, changes nothing. */
export type Check = ValidateFunction;

const ajv = compiler();

/** @throws Error when the schema is not valid or has a keyword that would not be checked. */
export const compileCheck = (schema: JsonSchema): Check => ajv.compile(schema);

/**
 * Lengths are told by UTF-16 units where these settle it: a text has at most as many code points as
 * units, and at least half as many.
 */
function compiler(): Ajv {
  const made = new Ajv({
    strict: true,
    // Schemas hold rules of the code, whose patterns have no flags.
    unicodeRegExp: false,
    formats: { storable: { type: 'string', validate: isStorable }, uuid: true },
  });
  for (const keyword of ['minLength', 'maxLength']) made.removeKeyword(keyword);
  const counting = ({ gen }: KeywordCxt) => gen.scopeValue('func', { ref: codePoints });
  const length = { type: 'string', schemaType: 'number' } as const;
  made.addKeyword({
    ...length,
    keyword: 'maxLength',
    code: (cxt: KeywordCxt) => {
      const { data } = cxt;
      const max = Number(cxt.schema);
      cxt.fail(
        _`${data}.length > ${max} && (${data}.length > ${2 * max} || ${counting(cxt)}(${data}) > ${max})`,
      );
    },
  });
  made.addKeyword({
    ...length,
    keyword: 'minLength',
    code: (cxt: KeywordCxt) => {
      const { data } = cxt;
      const min = Number(cxt.schema);
      cxt.fail(
        min <= 1
          ? _`${data}.length < ${min}`
          : _`${data}.length < ${2 * min - 1} && ${counting(cxt)}(${data}) < ${min}`,
      );
    },
  });
  return made;
}
