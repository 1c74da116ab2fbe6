import { inspect } from 'node:util';

export interface Patience {
  /** After this many milliseconds the wait fails. */
  readonly deadlineMs?: number;
  /** Pause between two looks. */
  readonly everyMs?: number;
}

/** What a probe saw when it has not come yet; shown in the error. */
export class NotYet {
  /** Tells it from an answer that happens to have a state. */
  readonly is = 'not yet';

  constructor(readonly state: unknown) {}
}

/** Returned by a probe to say "not yet", and what it saw instead. */
export const notYet = (state: unknown): NotYet => new NotYet(state);

type Pending = NotYet | false | null | undefined;

/**
 * Looks until the probe answers with something else than `notYet(…)`, false, null or undefined; a
 * probe that throws has not come yet either. Never waits for a time, always for a state.
 * @param what what is awaited, as it shall stand in the error: "the job ends".
 * @throws Error naming what was awaited, for how long, and what was seen last.
 */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | Pending> | T | Pending,
  { deadlineMs = 10_000, everyMs = 50 }: Patience = {},
): Promise<Exclude<T, Pending>> {
  const started = performance.now();
  let last: unknown = 'nothing was seen';
  let cause: unknown;
  for (;;) {
    const leftMs = deadlineMs - (performance.now() - started);
    if (leftMs <= 0) break;
    try {
      const answer = await within(leftMs, probe);
      if (answer instanceof NotYet) last = answer.state;
      else if (answer === false || answer === null || answer === undefined) last = answer;
      else return answer as Exclude<T, Pending>;
      cause = undefined;
    } catch (error) {
      last = error instanceof Error ? error.message : error;
      cause = error;
    }
    await pause(Math.min(everyMs, Math.max(1, deadlineMs - (performance.now() - started))));
  }
  const seen = typeof last === 'string' ? last : inspect(last, { depth: 4, breakLength: 120 });
  throw new Error(`Waited ${deadlineMs} ms in vain: ${what}. Last seen: ${seen}`, { cause });
}

/**
 * The same for a position that only grows: an LSN as 16 hex digits, an offset, a count.
 * @returns the position that was read, at or past `wanted`.
 */
export const eventuallyReaches = <P extends string | number | bigint>(
  what: string,
  wanted: P,
  position: () => Promise<P | null> | P | null,
  patience: Patience = {},
): Promise<P> =>
  eventually<P | NotYet>(
    `${what} reaches ${wanted}`,
    async () => {
      const at = await position();
      return at !== null && at >= wanted ? at : notYet(at);
    },
    patience,
  );

async function within<T>(ms: number, probe: () => Promise<T> | T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error('the probe itself did not answer'));
    }, ms);
  });
  try {
    return await Promise.race([(async () => probe())(), late]);
  } finally {
    clearTimeout(timer);
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
