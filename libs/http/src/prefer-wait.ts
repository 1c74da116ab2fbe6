/** More is taken for this much. */
const WAIT_MAX_SECONDS = 10;
/** Items of the list; a comma within quotes separates nothing. */
const ITEMS = /(?:[^",]|"(?:[^"\\]|\\.)*"?)+/g;
const IS_WAIT = /^[ \t]*wait[ \t]*(?:[=;]|$)/i;
const SECONDS = /^[^=]*=[ \t]*(\d{1,20})[ \t]*(?:;|$)/;

/**
 * Seconds, 1 to 10, that a `Prefer: wait=N` header asks for (RFC 7240 §4.3), or undefined. The first
 * `wait` counts; what is malformed or unknown is ignored, as the RFC says.
 */
export function preferredWait(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  for (const [item] of header.matchAll(ITEMS)) {
    if (!IS_WAIT.test(item)) continue;
    const seconds = Number(SECONDS.exec(item.trimEnd())?.[1] ?? 0);
    return seconds > 0 ? Math.min(seconds, WAIT_MAX_SECONDS) : undefined;
  }
  return undefined;
}
