import { parseArgs } from 'node:util';
import { DRILLS } from './catalogue.js';
import type { Drill } from './drill.js';

/** What divides the durations of the rules, unless they are to be taken as they are. */
const FACTOR = 6;

export interface Options {
  readonly drills: readonly Drill[];
  readonly help: boolean;
  /** What the durations of the rules are divided by; 1 for the rules as they are. */
  readonly factor: number;
  /** Nothing is provoked: no alert may fire, so every drill must fail. */
  readonly idle: boolean;
  /** The stack is left running, and one that was left is used. */
  readonly keep: boolean;
  /** Posts per second meanwhile. */
  readonly rate: number;
}

const LIST = DRILLS.map(
  ({ name, how, expects }) => `  ${name.padEnd(14)} ${how}: ${expects.map(({ alert }) => alert).join(', ')}`,
).join('\n');

export const USAGE = `npm run drill [-- NAME …]     provoke alerts on a stack of its own, and see them fire and resolve
${LIST}
  --true-time   the rules as they are (about 25 minutes); else every "for" and range is divided by ${FACTOR}
  --idle        leave the provocation out: succeeds when no drill passes
  --rate N      posts per second meanwhile (default 10)
  --keep        leave the stack running, and use the one that was left
Exit code: 0 every alert fired and resolved and the ledger is balanced, 1 not, 2 misuse, 130 interrupted.`;

/** @throws Error that names the argument that is wrong. */
export function readOptions(argv: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', default: false },
      'true-time': { type: 'boolean', default: false },
      idle: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      rate: { type: 'string', default: '10' },
    },
  });
  const strangers = positionals.filter((name) => !DRILLS.some((drill) => drill.name === name));
  if (strangers.length > 0) throw new Error(`There is no drill ${strangers.join(', ')}.`);
  const rate = Number(values.rate);
  if (!(rate >= 1 && rate <= 200)) throw new Error(`--rate is 1 to 200 a second, not ${values.rate}`);
  return {
    drills: DRILLS.filter(({ name }) => positionals.length === 0 || positionals.includes(name)),
    help: values.help,
    factor: values['true-time'] ? 1 : FACTOR,
    idle: values.idle,
    keep: values.keep,
    rate,
  };
}
