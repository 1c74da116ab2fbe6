import type { Block } from '../bench.js';

/** A number for people; a dash for what was not measured. */
export const shown = (value: number, digits: number): string =>
  Number.isFinite(value) ? value.toFixed(digits) : '–';

/** How many answers there were besides the wanted one, by status; 0 stands for a request without one, `unsent` for one that waited in vain for a connection. */
export function otherAnswers(blocks: readonly Block[], wanted = ['202']): string {
  const counts = new Map<string, number>();
  for (const { load } of blocks)
    for (const [status, count] of Object.entries(load?.statuses ?? {}))
      if (!wanted.includes(status)) counts.set(status, (counts.get(status) ?? 0) + count);
  const unsent = blocks.reduce((sum, { load }) => sum + (load?.unsent ?? 0), 0);
  if (unsent > 0) counts.set('unsent', unsent);
  return [...counts].map(([status, count]) => `${status}: ${count}`).join(', ') || '–';
}
