import type { Outcome } from './outcome.js';

/** What happens to the deliveries of a batch. */
export type Settlement =
  | {
      readonly as: 'ack';
      /** Places of the commands that go round once more, before the ack. */ readonly again: readonly number[];
    }
  | { readonly as: 'hold'; readonly reason: string };

/**
 * The one place where outcomes become acknowledgements. A batch is acked when every command of it has
 * ended for good and that is recorded; otherwise all of it is held: repeating what has already been
 * committed changes nothing.
 */
export function settle(outcomes: readonly Outcome[], expected: number): Settlement {
  if (outcomes.length !== expected)
    return { as: 'hold', reason: `${outcomes.length} outcomes for ${expected} commands` };
  const held = outcomes.find((outcome) => outcome.result === 'unavailable');
  if (held) return { as: 'hold', reason: held.reason };
  return { as: 'ack', again: outcomes.flatMap(({ result }, place) => (result === 'early' ? [place] : [])) };
}
