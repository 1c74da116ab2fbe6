/**
 * A value as Postgres reads it from text. Types are the server's to decide, from where the parameter stands.
 * @throws TypeError for what has no text of its own here: an object (pass JSON), a symbol, a function.
 */
export function encodeParameter(value: unknown): string | Buffer | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value);
  if (value instanceof Date) return value.toISOString();
  if (Buffer.isBuffer(value)) return value;
  if (Array.isArray(value)) return `{${value.map(encodeElement).join(',')}}`;
  throw new TypeError(`a parameter cannot be a ${typeof value}: pass text, numbers, dates or lists of them`);
}

function encodeElement(value: unknown): string {
  const text = encodeParameter(value);
  if (text === null) return 'NULL';
  if (typeof text !== 'string') throw new TypeError('a list of parameters cannot hold bytes');
  return Array.isArray(value) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`;
}
