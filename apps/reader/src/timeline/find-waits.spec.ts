import { describe, expect, it } from '@jest/globals';
import { iso, queueWaits } from './find-waits.js';

const span = (from: number, until: number) => ({ from: iso(from), until: iso(until) });
const waits = (held: [number, number][], runs: [number, number][]) =>
  queueWaits(
    { from: 100_000, until: 160_000 },
    held.map(([from, until]) => span(from, until)),
    runs.map(([from, until]) => span(from, until)),
  ).map(({ for: why, from, until }) => [why, Date.parse(from), until === null ? null : Date.parse(until)]);

describe('what a command in the queue waited for', () => {
  it.each<[string, [number, number][], [number, number][], unknown]>([
    ['those before it', [], [[0, 200_000]], [['backlog', 100_000, 160_000]]],
    ['a writer', [], [], [['no_writer', 100_000, 160_000]]],
    [
      'a writer that came late',
      [],
      [[150_000, 200_000]],
      [
        ['no_writer', 100_000, 150_000],
        ['backlog', 150_000, 160_000],
      ],
    ],
    [
      'a writer that was gone for a while, seen for the last time at 110 s',
      [],
      [
        [0, 110_000],
        [140_000, 200_000],
      ],
      [
        ['backlog', 100_000, 115_000],
        ['no_writer', 115_000, 140_000],
        ['backlog', 140_000, 160_000],
      ],
    ],
    [
      'a database that took nothing, in which no writer could say that it is there',
      [[90_000, 155_000]],
      [[0, 100_000]],
      [
        ['database', 100_000, 155_000],
        ['no_writer', 155_000, 160_000],
      ],
    ],
  ])('%s', (_name, held, runs, expected) => expect(waits(held, runs)).toEqual(expected));

  it('nothing worth telling', () => {
    expect(queueWaits({ from: 1_000, until: 1_050 }, [], [])).toEqual([]);
  });
});
