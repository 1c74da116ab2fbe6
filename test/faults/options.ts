import { parseArgs } from 'node:util';
import type { Mutant } from './mutants/preload.js';

export interface Options {
  /** Empty: all that are built. */
  readonly faults: readonly string[];
  readonly list: boolean;
  readonly help: boolean;
  readonly long: boolean;
  readonly seed: number;
  /** Milliseconds of undisturbed load before each fault. */
  readonly beforeMs: number;
  /** Requests per second. */
  readonly rate: number;
  readonly broken: Mutant | null;
}

export const USAGE = `npm run faults [-- F1 F12 …]     break a stack of its own, under load, and check what it promised
  --list             every fault, and which are built
  --seed N           the same load again (default: a new one, printed)
  --rate N           requests per second (default 200)
  --duration S       seconds of undisturbed load before each fault (default 4)
  --long             outages as long as the matrix says (F17: 60 s instead of 20 s)
  --broken ack-before-commit
                     with a writer that is broken on purpose: succeeds when the checker catches it`;

const BROKEN: readonly Mutant[] = ['ack-before-commit'];

/** @throws Error that names the argument that is wrong. */
export function readOptions(argv: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      long: { type: 'boolean', default: false },
      seed: { type: 'string' },
      rate: { type: 'string', default: '200' },
      duration: { type: 'string', default: '4' },
      broken: { type: 'string' },
    },
  });
  const broken = BROKEN.find((name) => name === values.broken) ?? null;
  if (values.broken !== undefined && broken === null) {
    throw new Error(`--broken knows ${BROKEN.join(', ')}, not ${values.broken}`);
  }
  return {
    faults: positionals.map((id) => id.toUpperCase()),
    list: values.list,
    help: values.help,
    long: values.long,
    seed: values.seed === undefined ? Math.floor(Math.random() * 1e9) : number('--seed', values.seed),
    beforeMs: number('--duration', values.duration) * 1000,
    rate: number('--rate', values.rate),
    broken,
  };
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new Error(`${name} needs a number, not ${text}`);
  return value;
}
