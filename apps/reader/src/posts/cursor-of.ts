import type { SigningKeys } from '@spillway/contracts/server';
import { ProblemError, TextForm } from '@spillway/http';
import { readCursor, type Cursor } from './cursor.js';

/** A cursor in a query parameter. */
export const CursorText = (): PropertyDecorator =>
  TextForm(/^[A-Za-z0-9_-]{1,400}$/, 'a cursor of an earlier page');

/**
 * The cursor that a request carries, if any.
 * @throws ProblemError (400) when it is not one of this list.
 */
export function cursorOf(keys: SigningKeys, list: string, text: string | undefined): Cursor | null {
  if (text === undefined) return null;
  const cursor = readCursor(keys, list, text);
  if (cursor) return cursor;
  throw new ProblemError(
    'invalid_cursor',
    'The cursor is not of this list. Start again without one, or repeat the filters it came with.',
    { errors: [{ pointer: '?cursor', detail: 'must be the nextCursor of a page of the same list' }] },
  );
}
