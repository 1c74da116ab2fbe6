import type { FaultContext } from '../faults/fault.js';

/** Starts those of these processes that are down, and waits until every app is ready. */
export async function bringBack(
  { components }: Pick<FaultContext, 'components'>,
  names: readonly string[],
): Promise<void> {
  for (const name of names) if (!components.runs(name)) await components.supervisor('start', name);
  await components.allReady();
}

/** The writers by name, running or not. */
export const writerNames = ({ stack }: Pick<FaultContext, 'stack'>): readonly string[] =>
  stack.ofRole('writer').map(({ name }) => name);
