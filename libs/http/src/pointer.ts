const LENGTH_MAX = 100;

/** One step of a JSON pointer (RFC 6901), cut when somebody sends an endless name. */
export function escapePointer(step: string): string {
  const short = step.length > LENGTH_MAX ? `${step.slice(0, LENGTH_MAX)}…` : step;
  return short.toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1');
}
