import { PRINCIPAL_ID } from '@spillway/contracts';

/** Posts and changes in one window; 0 means no limit. */
export interface QuotaLimits {
  /** Of a whole tenant. */
  readonly tenant: number;
  /** Of each author of it. */
  readonly author: number;
}

const MOST = 1_000_000_000;

/**
 * Reads `acme=5000/1000;globex=0/0`: what a tenant and each of its authors may post in a window.
 * @throws Error that names every mistake.
 */
export function parseQuotas(text: string): ReadonlyMap<string, QuotaLimits> {
  const found = new Map<string, QuotaLimits>();
  if (text === '') return found;
  const mistakes: string[] = [];
  for (const [index, entry] of text.split(';').entries()) {
    const [, tenant = '', ofTenant = '', ofAuthor = ''] =
      /^([^=]*)=(\d{1,10})\/(\d{1,10})$/.exec(entry) ?? [];
    const limits = { tenant: Number(ofTenant), author: Number(ofAuthor) };
    const at = `entry ${index + 1}`;
    if (ofTenant === '') mistakes.push(`${at} is not tenant=limit/limit of an author`);
    else if (!PRINCIPAL_ID.test(tenant)) mistakes.push(`${at} does not begin with the id of a tenant`);
    else if (found.has(tenant)) mistakes.push(`${at} names a tenant again`);
    else if (limits.tenant > MOST || limits.author > MOST) mistakes.push(`${at} has a limit above ${MOST}`);
    else found.set(tenant, limits);
  }
  if (mistakes.length > 0) throw new Error(`must be like acme=5000/1000;other=0/0: ${mistakes.join(', ')}`);
  return found;
}
