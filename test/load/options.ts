import { parseArgs } from 'node:util';
import { PROFILED, type Profiled } from './profile/profile-block.js';
import { READ_SCENARIOS, type ReadScenarioName } from './reads/scenarios.js';
import { SCENARIOS, type ScenarioName } from './scenarios/index.js';
import { SERIES, type SeriesName } from './series/index.js';

export interface Options {
  readonly command: 'writes' | 'overload' | 'reads' | 'telemetry' | 'synthetic';
  readonly help: boolean;
  readonly quick: boolean;
  readonly only: readonly ScenarioName[];
  readonly onlyReads: readonly ReadScenarioName[];
  /** Of `reads`: whether to count who serves reads, and to how many posts a tenant grows; 0 for none. */
  readonly share: boolean;
  readonly grow: number;
  /** Of `synthetic`. */
  readonly posts: number;
  readonly tenant: string;
  readonly series: readonly SeriesName[];
  /** Of `overload`. */
  readonly minutes: number;
  /** How many times the peak `overload` sends. */
  readonly times: number;
  readonly blocks: number;
  /** Milliseconds of load in a block. */
  readonly blockMs: number;
  readonly warmUpMs: number;
  readonly connections: number;
  /** Bytes of a post's content. */
  readonly size: number;
  readonly authors: number;
  readonly profile: Profiled | null;
}

export const USAGE = `npm run bench -- writes        measure the way of a post, on a stack of its own
  --quick            2 blocks of 2 s instead of 5 of 4 s, a shorter warm-up, no series
  --only a,b         only these scenarios: ${SCENARIOS.join(', ')}
  --series a,b       how the cost grows: ${SERIES.join(', ')}, or none (default: all, with --quick or --only none)
  --blocks N         blocks of each scenario, taken in turn
  --seconds S        seconds of load in a block
  --warm-up S        seconds of load before the first block, at least
  --connections N    connections of the load (default 128)
  --size N           bytes of a post's content (default 200)
  --authors N        authors, each with a token; ten make a tenant (default 100)
  --profile gateway|writer|reader
                     one more block with a CPU profile of that process: time by package and by function

npm run bench -- overload      several times the peak, open loop, for minutes: does memory stay flat?
  --minutes M        (default 10)
  --times N          how many times the peak is sent (default 4)

npm run bench -- reads         measure lists and single posts, on a stack of its own; options as above, and
  --only a,b         only these scenarios: ${READ_SCENARIOS.join(', ')}
  --grow N           then fill a tenant up to N posts, by COPY, and time its lists (default 1000000, with --quick 0;
                     ten million take some minutes and 15 GB)
  --no-share         leave out who serves the reads of callers of whom one in ten reads its own write

npm run bench -- telemetry     what traces and metrics cost a gateway: off, and 1, 10 and 100 % of requests traced

npm run load:synthetic         fill the running stack of npm start past the product: no search, no counts, no changes
  --posts N          (default 100000)
  --tenant NAME      (default synthetic)

Results: tables here; JSON and a plot in .local/bench/.`;

/** @throws Error that names the argument that is wrong. */
export function readOptions(argv: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      series: { type: 'string' },
      minutes: { type: 'string', default: '10' },
      times: { type: 'string', default: '4' },
      blocks: { type: 'string' },
      seconds: { type: 'string' },
      'warm-up': { type: 'string' },
      connections: { type: 'string', default: '128' },
      size: { type: 'string', default: '200' },
      authors: { type: 'string', default: '100' },
      profile: { type: 'string' },
      grow: { type: 'string' },
      'no-share': { type: 'boolean', default: false },
      posts: { type: 'string', default: '100000' },
      tenant: { type: 'string', default: 'synthetic' },
    },
  });
  const [command = 'writes', ...more] = positionals;
  if (!isCommand(command) || more.length > 0)
    throw new Error(`There is no benchmark ${positionals.join(' ')}.`);
  const { quick } = values;
  return {
    command,
    help: values.help,
    quick,
    only: command === 'writes' ? chosen(values.only, SCENARIOS) : SCENARIOS,
    onlyReads: command === 'reads' ? chosen(values.only, READ_SCENARIOS) : READ_SCENARIOS,
    share: !values['no-share'],
    grow: Number(values.grow ?? (quick ? '0' : '1000000')),
    posts: positive('--posts', values.posts),
    tenant: values.tenant,
    series: seriesOf(values.series ?? (quick || values.only !== undefined ? 'none' : 'all')),
    minutes: positive('--minutes', values.minutes),
    times: positive('--times', values.times),
    blocks: positive('--blocks', values.blocks ?? (quick ? '2' : '5')),
    blockMs: positive('--seconds', values.seconds ?? (quick ? '2' : '4')) * 1000,
    warmUpMs: positive('--warm-up', values['warm-up'] ?? (quick ? '4' : '10')) * 1000,
    connections: positive('--connections', values.connections),
    size: positive('--size', values.size),
    authors: positive('--authors', values.authors),
    profile: values.profile === undefined ? null : profiled(values.profile),
  };
}

const COMMANDS = ['writes', 'overload', 'reads', 'telemetry', 'synthetic'] as const;
const isCommand = (text: string): text is Options['command'] => COMMANDS.some((name) => name === text);

const chosen = <T extends string>(text: string | undefined, names: readonly T[]): readonly T[] =>
  text === undefined ? names : text.split(',').map(named('--only', names));

const seriesOf = (text: string): readonly SeriesName[] =>
  text === 'all' ? SERIES : text === 'none' ? [] : text.split(',').map(named('--series', SERIES));

const named =
  <T extends string>(option: string, names: readonly T[]) =>
  (text: string): T => {
    const found = names.find((name) => name === text);
    if (found !== undefined) return found;
    throw new Error(`${option} knows ${names.join(', ')}, not ${text}`);
  };

function profiled(text: string): Profiled {
  if (text in PROFILED) return text as Profiled;
  throw new Error(`--profile knows ${Object.keys(PROFILED).join(', ')}, not ${text}`);
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${name} needs a number above 0, not ${text}`);
  return value;
}
