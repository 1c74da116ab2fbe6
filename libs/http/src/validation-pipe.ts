import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import type { ProblemPointer } from '@spillway/contracts';
import { plainToInstance, type ClassConstructor } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import { escapePointer } from './pointer.js';
import { ProblemError } from './problem-error.js';
import { mistakesOf } from './rule-detail.js';

const ERRORS_MAX = 20;
const PLAIN_TYPES: readonly unknown[] = [String, Boolean, Number, Array, Object];
const PLACES: Readonly<Record<string, string>> = {
  body: 'The body',
  query: 'The query',
  param: 'The address',
};

/**
 * Turns bodies, queries and parameters into instances of their classes. Unknown properties and broken rules
 * are 400 `invalid_request`, with a JSON pointer (`/tags/3`), `?limit` for a query, `{id}` for the address.
 */
export function validationPipe(): PipeTransform {
  return { transform };
}

function transform(value: unknown, { metatype, type }: ArgumentMetadata): unknown {
  if (metatype === undefined || PLAIN_TYPES.includes(metatype) || PLACES[type] === undefined) return value;
  return checked(metatype as ClassConstructor<object>, value, type);
}

/**
 * A value of a body as an instance of its class, by the rules and with the errors of a whole body.
 * @throws ProblemError 400, with pointers into the value.
 */
export const checkedBody = <T extends object>(metatype: ClassConstructor<T>, value: unknown): T =>
  checked(metatype, value, 'body');

function checked<T extends object>(metatype: ClassConstructor<T>, value: unknown, type: string): T {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(type, [{ pointer: '', detail: 'must be a JSON object' }]);
  }
  const strange = Object.keys(value).find((key) => key === '__proto__' || key === 'constructor');
  if (strange !== undefined)
    throw invalid(type, [{ pointer: pointerTo(type, strange), detail: 'is not known' }]);
  const instance = plainToInstance(metatype, { ...value });
  const errors = validateSync(instance, {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    stopAtFirstError: true,
    validationError: { target: false, value: false },
  });
  if (errors.length > 0)
    throw invalid(
      type,
      errors.flatMap((error) => pointersOf(error, type, '')),
    );
  return instance;
}

function pointersOf(error: ValidationError, type: string, parent: string): ProblemPointer[] {
  const pointer =
    parent === '' ? pointerTo(type, error.property) : `${parent}/${escapePointer(error.property)}`;
  const own = Object.entries(error.constraints ?? {}).flatMap(([rule, message]) =>
    rule === 'whitelistValidation'
      ? [{ pointer, detail: 'is not known' }]
      : mistakesOf(message).map(({ step, detail }) => ({ pointer: pointer + step, detail })),
  );
  return [...own, ...(error.children ?? []).flatMap((child) => pointersOf(child, type, pointer))];
}

function pointerTo(type: string, property: string): string {
  if (type === 'query') return `?${escapePointer(property)}`;
  return type === 'param' ? `{${escapePointer(property)}}` : `/${escapePointer(property)}`;
}

const invalid = (type: string, errors: readonly ProblemPointer[]): ProblemError =>
  new ProblemError('invalid_request', `${PLACES[type] ?? 'The request'} is not valid; errors says where.`, {
    errors: errors.slice(0, ERRORS_MAX),
  });
