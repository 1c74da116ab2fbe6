import { mintToken } from '@spillway/testing';

/** Somebody who posts: an author of a tenant, with a token. */
export interface Caller {
  readonly tenant: string;
  readonly sub: string;
  readonly token: string;
}

const TENANTS = ['a', 'b', 'c'] as const;
const AUTHORS = ['ada', 'bo', 'chi', 'dag'] as const;

/** The tenants of one fault run. Nobody else writes to them, so every row in them must be ours. */
export const tenantsOf = (run: string): readonly string[] => TENANTS.map((t) => `faults-${run}-${t}`);

/** Several authors in several tenants; authors of the same name exist in each. */
export async function makeCallers(stackDir: string, run: string): Promise<readonly [Caller, ...Caller[]]> {
  const pairs = tenantsOf(run).flatMap((tenant) => AUTHORS.map((sub) => ({ tenant, sub })));
  const callers = await Promise.all(
    pairs.map(async (who) => ({ ...who, token: await mintToken(stackDir, { ...who, roles: ['author'] }) })),
  );
  const [first, ...rest] = callers;
  if (!first) throw new Error('a load without callers');
  return [first, ...rest];
}
