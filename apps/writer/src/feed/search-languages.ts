import { parsed, type Field } from '@spillway/config';

/** More would be more words a post than the index is worth. */
const LANGUAGES_MAX = 4;

/**
 * Text search configurations of Postgres (`\dF` in psql). Each post is indexed in all of them: `simple`
 * finds words as they were written, a language finds them in their other forms too.
 */
export const searchLanguages = (): Field<readonly string[]> =>
  parsed(
    'SEARCH_LANGUAGES',
    {
      about: 'Text search configurations of Postgres in which posts are indexed, comma-separated',
      fallback: 'simple',
    },
    (value) => {
      const names = value.split(',').map((name) => name.trim());
      if (names.length > LANGUAGES_MAX || new Set(names).size < names.length)
        throw new Error(`must be at most ${LANGUAGES_MAX}, each once`);
      if (!names.every((name) => /^[a-z][a-z_]{0,62}$/.test(name)))
        throw new Error('must be names such as simple,english,german');
      return names;
    },
  );
