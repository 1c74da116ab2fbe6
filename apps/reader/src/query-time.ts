import { TextForm, ProblemError } from '@spillway/http';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z$/;

/** A time in a query parameter. */
export const TimeText = (): PropertyDecorator =>
  TextForm(TIME, 'a time in UTC, such as 2026-01-31T12:00:00Z');

/**
 * Unix milliseconds of a time in a query parameter.
 * @throws ProblemError (400) for a date that no calendar has.
 */
export function timeOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  if (!Number.isNaN(time) && time >= 0) return time;
  throw new ProblemError('invalid_request', 'The query is not valid; errors says where.', {
    errors: [{ pointer: `?${name}`, detail: 'must be a time that there is, from 1970 on' }],
  });
}
