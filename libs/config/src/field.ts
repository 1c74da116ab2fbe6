/** How one environment variable becomes one value. */
export interface Field<T> {
  readonly name: string;
  readonly about: string;
  /** Text used when the variable is absent; undefined means it is required. */
  readonly fallback: string | undefined;
  /** Never printed, and empty in `.env.example`. */
  readonly secret: boolean;
  /** @throws Error whose message says what form is expected, never the value. */
  readonly parse: (text: string) => T;
}

interface FieldOptions {
  readonly about: string;
  readonly fallback?: string;
  readonly secret?: boolean;
}

/** A variable with a parser of its own, for values that only one concept understands. */
export const parsed = <T>(name: string, options: FieldOptions, parse: (text: string) => T): Field<T> => ({
  name,
  about: options.about,
  fallback: options.fallback,
  secret: options.secret ?? false,
  parse,
});

export const text = (name: string, options: FieldOptions): Field<string> =>
  parsed(name, options, (value) => {
    if (value === '' && options.fallback !== '') throw new Error('must not be empty');
    return value;
  });

/** A whole number within bounds; durations are milliseconds and say so in their name. */
export const integer = (name: string, min: number, max: number, options: FieldOptions): Field<number> =>
  parsed(name, options, (value) => {
    const number = Number(value);
    if (!/^-?\d+$/.test(value) || number < min || number > max)
      throw new Error(`must be a whole number from ${min} to ${max}`);
    return number;
  });

export const port = (name: string, options: FieldOptions): Field<number> => integer(name, 1, 65_535, options);

/** A fraction greater than 0 and at most 1. */
export const fraction = (name: string, options: FieldOptions): Field<number> =>
  parsed(name, options, (value) => {
    const number = Number(value);
    if (!/^[0-9.]+$/.test(value) || !(number > 0 && number <= 1))
      throw new Error('must be a number above 0, at most 1');
    return number;
  });

export const oneOf = <const T extends string>(
  name: string,
  values: readonly T[],
  options: FieldOptions,
): Field<T> =>
  parsed(name, options, (value) => {
    const found = values.find((v) => v === value);
    if (found === undefined) throw new Error(`must be one of ${values.join(', ')}`);
    return found;
  });

/** Comma-separated, at least one entry, none empty. */
export const list = (name: string, options: FieldOptions): Field<readonly string[]> =>
  parsed(name, options, (value) => {
    const entries = value.split(',').map((entry) => entry.trim());
    if (entries.some((entry) => entry === ''))
      throw new Error('must be a comma-separated list without empty entries');
    return entries;
  });

/** Addresses of one scheme, comma-separated. They may hold credentials, so they are secret. */
export const urls = (
  name: string,
  schemes: readonly string[],
  options: FieldOptions,
): Field<readonly string[]> =>
  parsed(name, { ...options, secret: true }, (value) =>
    value.split(',').map((entry) => checkUrl(entry.trim(), schemes)),
  );

export const url = (name: string, schemes: readonly string[], options: FieldOptions): Field<string> =>
  parsed(name, { ...options, secret: true }, (value) => checkUrl(value, schemes));

function checkUrl(value: string, schemes: readonly string[]): string {
  if (!URL.canParse(value) || !schemes.includes(new URL(value).protocol.replace(':', ''))) {
    throw new Error(`must be an address starting with ${schemes.map((s) => `${s}://`).join(' or ')}`);
  }
  return value;
}
