import type { ProblemPointer } from '@spillway/contracts';
import { validateSync, type ValidationError } from 'class-validator';
import { escapePointer } from '../pointer.js';
import { mistakesOf } from '../rule-detail.js';

/** The pointer to a property of the value itself: `/name` in a body. */
export type PointerTo = (property: string) => string;

/** What is wrong with an object, in the words of the decorators of its class. */
export function mistakesIn(instance: object, pointerTo: PointerTo): ProblemPointer[] {
  const errors = validateSync(instance, {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    stopAtFirstError: true,
    validationError: { target: false, value: false },
  });
  return errors.flatMap((error) => pointersOf(error, pointerTo));
}

function pointersOf(error: ValidationError, pointerTo: PointerTo): ProblemPointer[] {
  const pointer = pointerTo(escapePointer(error.property));
  return Object.entries(error.constraints ?? {}).flatMap(([rule, message]) =>
    rule === 'whitelistValidation'
      ? [{ pointer, detail: 'is not known' }]
      : mistakesOf(message).map(({ step, detail }) => ({ pointer: pointer + step, detail })),
  );
}
