/** A number for people; a dash for what was not measured. */
export const shown = (value: number, digits: number): string =>
  Number.isFinite(value) ? value.toFixed(digits) : '–';
