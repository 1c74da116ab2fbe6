import type { Type } from '@nestjs/common';
import type { ProblemPointer } from '@spillway/contracts';
import { ProblemError } from './problem-error.js';
import { ClassCheck } from './schema/class-check.js';

const ERRORS_MAX = 20;

/**
 * A value checked against the rules of a class: a plain object that has only properties of the class.
 * @param pointerPrefix where the value stands in the body, such as `/3` for an entry of a list.
 * @throws ProblemError 400 `invalid_request` with pointers to what is wrong.
 */
export function checkedBody<T extends object>(metatype: Type<T>, value: unknown, pointerPrefix = ''): T {
  const checked = ClassCheck.of(metatype).run(value, (property) => `/${property}`);
  if (checked.ok) return checked.value;
  throw invalidRequest(
    'The body',
    checked.mistakes.map(({ pointer, detail }) => ({ pointer: pointerPrefix + pointer, detail })),
  );
}

/** @param place such as `The body`. */
export const invalidRequest = (place: string, errors: readonly ProblemPointer[]): ProblemError =>
  new ProblemError('invalid_request', `${place} is not valid; errors says where.`, {
    errors: errors.slice(0, ERRORS_MAX),
  });
