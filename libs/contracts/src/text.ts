/**
 * What a text may be. Lengths are Unicode code points everywhere: UTF-16 units would punish
 * languages outside the basic plane, and grapheme counts change with the Unicode version.
 */

/** Number of Unicode code points. */
export function codePoints(text: string): number {
  let n = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0xd800 && unit < 0xdc00 && i + 1 < text.length) i++;
    n++;
  }
  return n;
}

/** True when Postgres can store the text as it is: no U+0000, no lone surrogate. */
export const isStorable = (text: string): boolean => !text.includes('\u0000') && text.isWellFormed();

export const CONTENT_MAX_CODE_POINTS = 10_000;
export const TAGS_MAX = 10;
export const TAG_MAX_CODE_POINTS = 50;
/** Why an operator replays or discards something. */
export const REASON_MAX_CODE_POINTS = 500;
export const CHANNEL_ID = /^[A-Za-z0-9_-]{1,64}$/;
/** Tenants, authors and token ids: what may appear in a claim. */
export const PRINCIPAL_ID = /^[A-Za-z0-9_.:@-]{1,64}$/;

/** Tags are folded to lower case and listed once, in the order first given. */
export const foldTags = (tags: readonly string[]): string[] => [...new Set(tags.map((t) => t.toLowerCase()))];
