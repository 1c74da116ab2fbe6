import { DEAD_LETTER_STATES, isUuid, PRINCIPAL_ID, type DeadLetterState } from '@spillway/contracts';
import { InvalidArgumentError, type Command } from 'commander';
import { durationMs } from '../load/duration.js';

/** Which dead letters are meant. What is left out does not narrow it. */
export interface LetterFilter {
  readonly tenant?: string;
  readonly reason?: string;
  /** Milliseconds. */
  readonly olderThan?: number;
  /** Milliseconds. */
  readonly newerThan?: number;
  readonly id?: readonly string[];
}

/** Adds the options of a filter, the same for every command. */
export const withFilter = (command: Command): Command =>
  command
    .option('--tenant <tenant>', 'only of this tenant', tenant)
    .option('--reason <reason>', 'only with this reason, such as newer_command or delivery_limit')
    .option('--older-than <age>', 'only those older than 90s, 15m, 6h or 7d', age)
    .option('--newer-than <age>', 'only those newer than that', age)
    .option('--id <id...>', 'only these, whatever their state', ids);

export const isNarrowed = ({ tenant, reason, olderThan, newerThan, id }: LetterFilter): boolean =>
  [tenant, reason, olderThan, newerThan, id].some((value) => value !== undefined);

export function tenant(value: string): string {
  if (!PRINCIPAL_ID.test(value))
    throw new InvalidArgumentError('It must be 1 to 64 of A-Z a-z 0-9 _ . : @ -');
  return value;
}

export function letterId(value: string): string {
  const id = value.toLowerCase();
  if (!isUuid(id)) throw new InvalidArgumentError('It must be the id of a dead letter, as list shows it.');
  return id;
}

export function state(value: string): DeadLetterState {
  const found = DEAD_LETTER_STATES.find((known) => known === value);
  if (!found) throw new InvalidArgumentError(`It must be one of ${DEAD_LETTER_STATES.join(', ')}.`);
  return found;
}

export const wholeUpTo =
  (max: number) =>
  (value: string): number => {
    const number = Number(value);
    if (!/^\d{1,9}$/.test(value) || number < 1 || number > max)
      throw new InvalidArgumentError(`It must be a whole number from 1 to ${max}.`);
    return number;
  };

export function age(value: string): number {
  try {
    return durationMs(value);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : 'It must be a duration.');
  }
}

const ids = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  letterId(value),
];
