import { userInfo } from 'node:os';
import { codePoints, isStorable, PRINCIPAL_ID, REASON_MAX_CODE_POINTS } from '@spillway/contracts';
import { InvalidArgumentError } from 'commander';

/** The reason that an option gives. @throws InvalidArgumentError */
export function why(value: string): string {
  if (!isStorable(value) || value.trim() === '' || codePoints(value) > REASON_MAX_CODE_POINTS)
    throw new InvalidArgumentError(`It must be a text of 1 to ${REASON_MAX_CODE_POINTS} characters.`);
  return value;
}

/** Who decides, as an option says. @throws InvalidArgumentError */
export function who(value: string): string {
  if (!PRINCIPAL_ID.test(value))
    throw new InvalidArgumentError('It must be 1 to 64 of A-Z a-z 0-9 _ . : @ -');
  return value;
}

/** Who runs this, or `unknown` where the system has no name for it that can be recorded. */
export function defaultWho(): string {
  try {
    const { username } = userInfo();
    return PRINCIPAL_ID.test(username) ? username : 'unknown';
  } catch {
    return 'unknown';
  }
}
