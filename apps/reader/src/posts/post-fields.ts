import { POST_FIELDS, type Post, type PostField } from '@spillway/contracts';

/** The fields that a query names, all of them being undefined. */
export function fieldsOf(text: string | undefined): ReadonlySet<PostField> | undefined {
  if (text === undefined) return undefined;
  const names = new Set(text.split(','));
  return new Set(POST_FIELDS.filter((field) => names.has(field)));
}

export const pickFields = (post: Post, fields: ReadonlySet<PostField> | undefined): Partial<Post> =>
  fields === undefined
    ? post
    : Object.fromEntries(
        POST_FIELDS.filter((field) => fields.has(field)).map((field) => [field, post[field]]),
      );
