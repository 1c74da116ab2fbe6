import { parseArgs } from 'node:util';
import { BROKEN_BUILDS, type BrokenBuild } from './broken-builds.js';

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
  /** Builds that are broken on purpose; empty for the right one. */
  readonly broken: readonly BrokenBuild[];
  /** The stack is left running, and one that was left is used. */
  readonly keep: boolean;
}

export const USAGE = `npm run faults [-- F1 F12 …]     break a stack of its own, under load, and check what it promised
  --list             every fault, and which are built
  --seed N           the same load again (default: a new one, printed)
  --rate N           requests per second (default 100)
  --duration S       seconds of undisturbed load before each fault (default 3)
  --long             outages as long as the matrix says (F17: 60 s instead of 20 s)
  --keep             leave the stack running, and use the one that was left
  --broken NAME|all  with a build that is broken on purpose: succeeds when the checker catches it
${BROKEN_BUILDS.map(({ name, about }) => `                     ${name}: ${about}`).join('\n')}`;

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
      rate: { type: 'string', default: '100' },
      duration: { type: 'string', default: '3' },
      broken: { type: 'string' },
      keep: { type: 'boolean', default: false },
    },
  });
  const broken = BROKEN_BUILDS.filter(({ name }) => values.broken === 'all' || values.broken === name);
  if (values.broken !== undefined && broken.length === 0) {
    const names = BROKEN_BUILDS.map(({ name }) => name).join(', ');
    throw new Error(`--broken knows all, ${names}, not ${values.broken}`);
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
    keep: values.keep,
  };
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new Error(`${name} needs a number, not ${text}`);
  return value;
}
