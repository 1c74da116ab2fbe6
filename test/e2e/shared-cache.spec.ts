import { afterEach, describe, expect, it } from '@jest/globals';
import type { PostPage } from '@spillway/contracts';
import { mintToken } from '@spillway/testing';
import { callerOf, freshTenant, tokenOf, type Api } from './api.js';
import { startSharedCache, type SharedCache } from './shared-cache.js';

interface Seen {
  readonly status: number;
  /** HIT, MISS, … as the cache says. */
  readonly cache: string | null;
  readonly contents: readonly string[];
}

describe('a cache that tenants share', () => {
  const open: SharedCache[] = [];
  afterEach(() => Promise.all(open.splice(0).map((cache) => cache.close())));

  /** Two tenants with a post each, and what each of them sees through a cache in front of everything. */
  async function setUp(deafTo?: readonly string[]) {
    const callers = [await callerOf(freshTenant()), await callerOf(freshTenant())] as const;
    const [cache, ...tokens] = await Promise.all([
      startSharedCache(callers[0].stack.baseUrl, deafTo),
      ...callers.map((caller, n) => postAs(caller, `of tenant ${n}`)),
    ]);
    open.push(cache);
    const see = async (n: 0 | 1, how: 'header' | 'cookie' = 'header'): Promise<Seen> => {
      const { stack, tenant } = callers[n];
      const token = await tokenFor(stack.dir, tenant);
      const answer = await fetch(`${cache.url}/v1/posts?limit=7`, {
        headers: {
          ...(how === 'header' ? { authorization: `Bearer ${token}` } : { cookie: `access_token=${token}` }),
          'consistency-token': tokens[n] ?? '',
        },
      });
      const { items = [] } = (await answer.json()) as Partial<PostPage>;
      return {
        status: answer.status,
        cache: answer.headers.get('x-cache'),
        contents: items.map(({ content }) => content),
      };
    };
    const stranger = async (): Promise<Seen> => {
      const answer = await fetch(`${cache.url}/v1/posts?limit=7`);
      await answer.text();
      return { status: answer.status, cache: answer.headers.get('x-cache'), contents: [] };
    };
    return { see, stranger };
  }

  it('keeps nothing of theirs', async () => {
    const { see, stranger } = await setUp();
    for (const n of [0, 1, 0, 1] as const)
      expect(await see(n)).toEqual({ status: 200, cache: 'MISS', contents: [`of tenant ${n}`] });
    expect(await stranger()).toMatchObject({ status: 401, cache: 'MISS' });
  });

  it('never mixes them, even if it keeps what is private', async () => {
    const { see, stranger } = await setUp(['Cache-Control']);
    expect(await stranger()).toMatchObject({ status: 401 });
    for (const how of ['header', 'cookie'] as const) {
      for (const n of [0, 1] as const)
        expect(await see(n, how)).toMatchObject({ status: 200, contents: [`of tenant ${n}`] });
      for (const n of [1, 0] as const)
        expect(await see(n, how)).toEqual({ status: 200, cache: 'HIT', contents: [`of tenant ${n}`] });
    }
    expect(await stranger()).toMatchObject({ status: 401, cache: 'HIT' });
  });

  it('would mix them without Vary: this is what the test above can see', async () => {
    const { see } = await setUp(['Cache-Control', 'Vary']);
    await see(0);
    expect(await see(1)).toEqual({ status: 200, cache: 'HIT', contents: ['of tenant 0'] });
  });
});

const tokens = new Map<string, Promise<string>>();
/** The same token for a tenant every time: a cache tells callers apart by it. */
function tokenFor(stackDir: string, tenant: string): Promise<string> {
  const token = tokens.get(tenant) ?? mintToken(stackDir, { tenant, sub: 'alice', roles: ['reader'] });
  tokens.set(tenant, token);
  return token;
}

async function postAs(caller: Api, content: string): Promise<string> {
  return tokenOf((await caller.postAndFollow({ content })).job);
}
