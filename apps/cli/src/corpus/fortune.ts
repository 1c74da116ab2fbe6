/** A saying of a fortune file, and whom it is attributed to. */
export interface Fortune {
  readonly content: string;
  readonly author: string | null;
}

const ATTRIBUTION = /^\s+(?:--|—|–|―)\s*(\S.*)$/;
const AUTHOR_MAX = 80;

/** The sayings of a fortune file, which separates them by lines with nothing but `%`. Contents stay as they are. */
export function parseFortunes(text: string): Fortune[] {
  return text
    .split(/^%\r?$\n?/m)
    .map((saying) => saying.replace(/\r?\n$/, ''))
    .filter((saying) => saying.trim() !== '')
    .map((content) => ({ content, author: attribution(content) }));
}

/** The name in a last line like `		-- Mark Twain, "Following the Equator"`. */
function attribution(content: string): string | null {
  const last = content.trimEnd().split('\n').at(-1) ?? '';
  const name =
    ATTRIBUTION.exec(last)?.[1]
      ?.split(/[,("„«]/)[0]
      ?.trim() ?? '';
  return name === '' || name.length > AUTHOR_MAX ? null : name;
}
