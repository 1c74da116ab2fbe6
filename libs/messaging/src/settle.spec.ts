import { describe, expect, it } from '@jest/globals';
import { unavailable, type Outcome } from './outcome.js';
import { settle, type Settlement } from './settle.js';

const committed: Outcome = { result: 'committed' };
const duplicate: Outcome = { result: 'duplicate' };
const superseded: Outcome = { result: 'superseded' };
const rejected: Outcome = { result: 'rejected', code: 'id_taken' };
const parked: Outcome = { result: 'parked', reason: 'newer_command' };
const ack: Settlement = { as: 'ack', again: [] };

describe('settle', () => {
  const table: readonly [string, readonly Outcome[], number, Settlement][] = [
    ['acks what was committed', [committed], 1, ack],
    ['acks a duplicate: it is there', [duplicate], 1, ack],
    [
      'acks what came early, after it was sent round',
      [committed, { result: 'early' }],
      2,
      { as: 'ack', again: [1] },
    ],
    ['acks what came too late to matter', [superseded], 1, ack],
    ['acks a rejection: it is recorded', [rejected], 1, ack],
    ['acks what was parked: it is kept', [parked], 1, ack],
    ['acks any mixture of these', [committed, duplicate, superseded, rejected, parked], 5, ack],
    ['acks nothing when nothing was expected', [], 0, ack],
    ['holds what could not be done', [unavailable('transient')], 1, { as: 'hold', reason: 'transient' }],
    [
      'holds a whole batch for one command that could not be done',
      [committed, committed, unavailable('partition')],
      3,
      { as: 'hold', reason: 'partition' },
    ],
    [
      'holds for the first of several reasons',
      [unavailable('a'), unavailable('b')],
      2,
      { as: 'hold', reason: 'a' },
    ],
    ['holds when an outcome is missing', [committed], 2, { as: 'hold', reason: '1 outcomes for 2 commands' }],
    ['holds when there is no outcome at all', [], 3, { as: 'hold', reason: '0 outcomes for 3 commands' }],
    [
      'holds when there are more outcomes than commands',
      [committed, committed],
      1,
      { as: 'hold', reason: '2 outcomes for 1 commands' },
    ],
  ];
  it.each(table)('%s', (_what, outcomes, expected, settlement) => {
    expect(settle(outcomes, expected)).toEqual(settlement);
  });
});
