import { isUuid } from '@spillway/contracts';
import { ProblemError } from '@spillway/http';

/**
 * A post's ETag is `"version.hash"`; only the version is compared, so that one which was made weak on its way,
 * by compression, says as much.
 */
const FORM = /^(?:W\/)?"([0-9a-f-]{36})\.[A-Za-z0-9_-]{1,64}"$/;

/**
 * The version that an `If-Match` header asks for, or undefined without one.
 * @throws ProblemError when it is not one ETag of a post. `*` asks for nothing more than that the post is there.
 */
export function versionOfIfMatch(header: string | undefined): string | undefined {
  if (header === undefined || header.trim() === '*') return undefined;
  const version = FORM.exec(header.trim())?.[1];
  if (version !== undefined && isUuid(version)) return version;
  throw new ProblemError('invalid_request', 'The If-Match header is not the ETag of a post.', {
    errors: [{ pointer: '!If-Match', detail: 'must be one ETag as a post was answered with, or *' }],
  });
}
