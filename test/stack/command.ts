/** Prints a line of progress. */
export const log = (line: string): void => {
  console.log(line);
};

/** A command line that breaks a stack of its own. */
export interface Command<Options extends { readonly help: boolean }> {
  readonly usage: string;
  /** @throws Error that names the argument that is wrong. */
  readonly readOptions: (argv: readonly string[]) => Options;
  /** What an interruption makes it do, as it is told then: `ending the load`. */
  readonly whenInterrupted: string;
  /** @returns the exit code. */
  readonly run: (options: Options, signal: AbortSignal) => Promise<number>;
}

/** Reads the arguments and runs. @returns the exit code: 0 for help, 2 for misuse, else what `run` says. */
export async function runCommand<Options extends { readonly help: boolean }>(
  { usage, readOptions, whenInterrupted, run }: Command<Options>,
  argv: readonly string[],
): Promise<number> {
  let options: Options;
  try {
    options = readOptions(argv);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return 2;
  }
  if (options.help) {
    log(usage);
    return 0;
  }
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      log(`${signal}: ${whenInterrupted}`);
      interrupted.abort();
    });
  }
  return run(options, interrupted.signal);
}

/** Handles that hold a process open for long; our own output, signals and a child that has just ended do not. */
const holds = (resource: string): boolean => !/^(TTYWrap|PipeWrap|SignalWrap|ProcessWrap)$/.test(resource);

/**
 * Ends the process, whatever of it still goes on, and says what that is: whoever began it ought to have ended
 * it. Needs no turn of the event loop, which a loop of promises would not let it have; on Linux what was
 * printed is out by then (https://nodejs.org/api/process.html#a-note-on-process-io).
 */
export function endProcess(code: number): never {
  const left = Map.groupBy(process.getActiveResourcesInfo().filter(holds), (resource) => resource);
  if (left.size > 0) {
    const counts = [...left].map(([resource, all]) => `${all.length} × ${resource}`);
    console.error(`Still open at the end: ${counts.join(', ')}`);
  }
  process.exit(code);
}
