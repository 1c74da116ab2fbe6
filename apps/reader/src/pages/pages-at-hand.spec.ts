import { beforeEach, describe, expect, it } from '@jest/globals';
import type { PageEntry } from '@spillway/cache';
import { atLeast, EVENTUAL, STRONG, type Freshness } from '@spillway/database/read';
import { fastify, type FastifyInstance, type FastifyReply, type LightMyRequestResponse } from 'fastify';
import { installHttpCaching } from '../http-caching.js';
import { Addresses } from './addresses.js';
import { PagesAtHand } from './pages-at-hand.js';
import { sendPage } from './send-page.js';
import type { PageSpec } from './tenant-pages.js';

const POSITION = { shard: 's0', timeline: 1, lsn: '00000000000000a0' };
const SPEC: PageSpec = { view: 'posts', params: ['', '20'], outdatedBy: 'tenant', freshMs: 10_000 };
const ADDRESS = '/v1/posts?limit=20';

const entryOf = (tenant: string): PageEntry => ({
  ...{ position: POSITION, fromPrimary: false, readAt: Date.now(), freshMs: 10_000 },
  ...{ etag: `W/"${tenant}"`, body: JSON.stringify({ of: tenant, text: 'größer 大きい 🎉' }) },
});

describe('PagesAtHand', () => {
  const entries = new Map([
    ['acme', entryOf('acme')],
    ['umbrella', entryOf('umbrella')],
  ]);
  const freshness = new Map<string | undefined, Freshness>([
    ['later', atLeast({ ...POSITION, lsn: '00000000000000ff' })],
    ['elsewhere', STRONG],
  ]);
  let addresses: Addresses;
  let app: FastifyInstance;

  beforeEach(() => {
    addresses = new Addresses();
    addresses.learn(ADDRESS, SPEC);
    const { shortcut } = new PagesAtHand({
      pages: {
        addresses,
        atHand: (tenant, spec, fresh) =>
          spec === SPEC && fresh === EVENTUAL ? entries.get(tenant) : undefined,
      },
      reads: { freshnessOf: (_tenant, token) => freshness.get(token) ?? EVENTUAL },
      verifier: {
        remembered: (token) => ({
          ...{ sub: 'eve', tenant: token, expiresAtMs: Infinity },
          roles: new Set(['reader'] as const),
        }),
      },
    });
    app = fastify();
    app.addHook('onRequest', (request, reply, done) => {
      const ready = request.headers['x-by'] === 'route' ? undefined : shortcut(request);
      if (!ready) return done();
      reply.hijack();
      reply.raw.writeHead(ready.status, [...ready.headers]);
      reply.raw.end(ready.body, 'latin1');
    });
    installHttpCaching(app);
    app.get('/v1/posts', (request, reply: FastifyReply) => {
      const known = request.headers['if-none-match'];
      if (request.headers['x-by'] !== 'route') return reply.code(501).send('asked the route');
      const { body, etag } = entries.get('acme') ?? entryOf('acme');
      const page = { body, etag, position: POSITION, servedBy: 'cache', ageSeconds: 0 };
      return reply.send(sendPage(reply, page, known));
    });
  });

  const get = (
    url: string,
    token: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<LightMyRequestResponse> =>
    app.inject({ url, headers: { authorization: `Bearer ${token}`, ...headers } });

  it.each([{}, { 'if-none-match': '"acme"' }, { 'if-none-match': '"other"' }])(
    'answers like the route, header by header: %j',
    async (headers) => {
      const [at, by] = [
        await get(ADDRESS, 'acme', headers),
        await get(ADDRESS, 'acme', { ...headers, 'x-by': 'route' }),
      ];
      const told = ({ headers: all }: LightMyRequestResponse) => ({
        ...all,
        date: undefined,
        'keep-alive': undefined,
      });
      expect([at.statusCode, at.body, told(at)]).toEqual([by.statusCode, by.body, told(by)]);
    },
  );

  it('answers each tenant with its own', async () => {
    for (const tenant of ['acme', 'umbrella', 'acme'])
      expect((await get(ADDRESS, tenant)).json()).toMatchObject({ of: tenant });
  });

  it.each([
    ['an address that no route has checked', '/v1/posts?limit=50', 'acme', {}],
    ['a page that is not held', ADDRESS, 'initech', {}],
    ['a position that it may not have', ADDRESS, 'acme', { 'consistency-token': 'later' }],
    ['a position of another shard', ADDRESS, 'acme', { 'consistency-token': 'elsewhere' }],
    ['nobody', ADDRESS, '', {}],
  ])('leaves to the route: %s', async (_what, url, token, headers) => {
    expect((await get(url, token, headers)).statusCode).toBe(501);
  });

  it('tells how old a page is, second by second', async () => {
    let seconds = 2.5;
    entries.set('old', {
      ...entryOf('old'),
      get readAt() {
        return Date.now() - seconds * 1_000;
      },
    });
    expect((await get(ADDRESS, 'old')).headers['age']).toBe('2');
    seconds = 3.5;
    expect((await get(ADDRESS, 'old')).headers['age']).toBe('3');
    expect((await get(ADDRESS, 'old')).body).toContain('größer 大きい 🎉');
  });

  it('remembers so many addresses and no long ones', () => {
    for (let n = 0; n < 2_100; n++) addresses.learn(`/v1/posts?channelId=c${n}`, SPEC);
    expect(addresses.specAt(ADDRESS)).toBeUndefined();
    expect(addresses.specAt('/v1/posts?channelId=c2099')).toBe(SPEC);
    addresses.learn(`/v1/posts?channelId=${'c'.repeat(200)}`, SPEC);
    expect(addresses.specAt(`/v1/posts?channelId=${'c'.repeat(200)}`)).toBeUndefined();
  });
});
