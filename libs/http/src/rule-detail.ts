/** class-validator has one text per property; entries of an array put their index in front, a line each. */
const INDEXED = /^\[(\d+)\] (.*)$/;

/** The message of a rule for every entry of a list: one line for each that fails. */
export function entriesDetail(
  detail: string,
  entries: unknown,
  accepts: (entry: unknown) => boolean,
): string {
  if (!Array.isArray(entries)) return 'must be a list';
  return entries.flatMap((entry, index) => (accepts(entry) ? [] : [`[${index}] ${detail}`])).join('\n');
}

/** The other way: each mistake with the step that it adds to the pointer. */
export const mistakesOf = (message: string): { readonly step: string; readonly detail: string }[] =>
  message.split('\n').map((line) => {
    const [, index, detail] = INDEXED.exec(line) ?? [];
    return index === undefined ? { step: '', detail: line } : { step: `/${index}`, detail: detail ?? '' };
  });
