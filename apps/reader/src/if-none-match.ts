const TAG = /^(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?:,[ \t,]*|$)/;

/**
 * Whether an `If-None-Match` header names this ETag, compared weakly (RFC 9110 §13.1.2), or is `*`. A
 * header that cannot be read names nothing.
 */
export function isUnchanged(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  const strong = etag.replace(/^W\//, '');
  let rest = header.trim();
  if (rest === '*') return true;
  for (let match = TAG.exec(rest); match; match = TAG.exec(rest)) {
    if (match[1] === strong) return true;
    rest = rest.slice(match[0].length);
  }
  return false;
}
