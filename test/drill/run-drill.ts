import { eventually, notYet } from '@spillway/testing';
import type { FaultContext } from '../faults/fault.js';
import type { Drill, ExpectedAlert } from './drill.js';
import type { Watching } from './watching.js';

/** What became of one alert of a drill. Milliseconds; null: it never did. */
export interface AlertResult {
  readonly drill: string;
  readonly alert: string;
  /** From the beginning of the provocation. */
  readonly firedMs: number | null;
  /** From the end of the undoing. */
  readonly resolvedMs: number | null;
}

export interface DrillRun {
  readonly results: readonly AlertResult[];
  /** What went wrong, as sentences. */
  readonly complaints: readonly string[];
}

export interface DrillEnvironment {
  readonly context: FaultContext;
  readonly watching: Watching;
  readonly idle: boolean;
  readonly signal: AbortSignal;
}

/** Provokes, waits until all alerts fire, undoes in every case, and waits until all have resolved. */
export async function runDrill(drill: Drill, environment: DrillEnvironment): Promise<DrillRun> {
  const { context, idle } = environment;
  const complaints: string[] = [];
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      complaints.push(`${drill.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const fired = new Map<string, number>();
  const resolved = new Map<string, number>();
  await attempt(async () => {
    await reach(environment, drill.expects, 'inactive', new Map());
    const began = performance.now();
    if (!idle) await drill.provoke(context);
    await reach(environment, drill.expects, 'firing', fired, began);
  });
  await attempt(() => drill.undo(context));
  if (fired.size > 0 && !environment.signal.aborted)
    await attempt(() => reach(environment, drill.expects, 'inactive', resolved));
  const results = drill.expects.map(({ alert }) => ({
    drill: drill.name,
    alert,
    firedMs: fired.get(alert) ?? null,
    resolvedMs: resolved.get(alert) ?? null,
  }));
  return { results, complaints };
}

/** Waits until all of these alerts are in a state, and notes when each was first. */
async function reach(
  { watching, signal }: DrillEnvironment,
  expected: readonly ExpectedAlert[],
  wanted: 'firing' | 'inactive',
  reached: Map<string, number>,
  began = performance.now(),
): Promise<void> {
  await Promise.all(
    expected.map(async (one) => {
      const deadlineMs =
        wanted === 'firing' ? watching.firesWithinMs(one.alert) : watching.resolvesWithinMs(one.alert);
      const end = await eventually(
        `${one.alert} is ${wanted}`,
        async () => {
          if (signal.aborted) return 'interrupted';
          const state = await watching.state(one);
          return state === wanted || notYet(state);
        },
        { deadlineMs, everyMs: 250 },
      );
      if (end === 'interrupted') throw new Error('interrupted');
      reached.set(one.alert, performance.now() - began);
    }),
  );
}
