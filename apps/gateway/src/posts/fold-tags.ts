import { codePoints, foldTags, TAG_MAX_CODE_POINTS } from '@spillway/contracts';
import { ProblemError } from '@spillway/http';

/**
 * Tags in lower case, each once. Folding may lengthen a tag.
 * @throws ProblemError when a folded tag is too long.
 */
export function foldCheckedTags(given: readonly string[]): string[] {
  // Looked for in what was sent, where the pointer leads: folding may leave fewer tags.
  const tooLong = given.findIndex((tag) => foldTags([tag]).some((t) => codePoints(t) > TAG_MAX_CODE_POINTS));
  if (tooLong < 0) return foldTags(given);
  throw new ProblemError('invalid_request', 'A tag is too long once it is folded to lower case.', {
    errors: [
      {
        pointer: `/tags/${tooLong}`,
        detail: `must have at most ${TAG_MAX_CODE_POINTS} characters in lower case`,
      },
    ],
  });
}
