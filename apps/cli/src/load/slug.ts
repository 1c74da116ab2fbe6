import { createHash } from 'node:crypto';
import { CHANNEL_ID, PRINCIPAL_ID } from '@spillway/contracts';

const MAX_LENGTH = 64;
const HASH_LENGTH = 10;

/**
 * The author id of a name from elsewhere: the e-mail address of `Name <address>`, else the name itself.
 * What is already an id stays as it is. Otherwise what an id may not hold is replaced, and a short hash
 * of the original follows, so that two authors never become one. The same name gives the same id everywhere.
 */
export function authorSlug(author: string): string {
  const address = /<([^<>\s]+@[^<>\s]+)>\s*$/.exec(author)?.[1];
  return slug(address ?? author.trim(), PRINCIPAL_ID, /[^A-Za-z0-9_.:@-]+/g, 'author');
}

/** The channel id of a name from elsewhere, by the same rule. */
export const channelSlug = (channel: string): string =>
  slug(channel.trim(), CHANNEL_ID, /[^A-Za-z0-9_-]+/g, 'channel');

function slug(name: string, form: RegExp, foreign: RegExp, ifNothingIsLeft: string): string {
  if (form.test(name)) return name;
  const plain = name.normalize('NFKD').replace(/\p{Mark}+/gu, '');
  const readable = plain.replace(foreign, '-').slice(0, MAX_LENGTH - HASH_LENGTH - 1);
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_LENGTH);
  return `${readable.replace(/^-+|-+$/g, '') || ifNothingIsLeft}-${hash}`;
}
