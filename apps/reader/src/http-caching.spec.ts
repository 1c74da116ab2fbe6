import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fastify, type FastifyInstance } from 'fastify';
import { installHttpCaching } from './http-caching.js';

describe('what a reader says about keeping its answers', () => {
  let app: FastifyInstance;

  beforeAll(() => {
    app = fastify();
    installHttpCaching(app);
    app.get('/list', (_request, reply) => reply.header('Cache-Control', 'private, no-cache').send({ a: 1 }));
    app.get('/post', (_request, reply) => reply.header('ETag', '"v.h"').send({ a: 1 }));
    app.get('/job', (_request, reply) => reply.header('Cache-Control', 'no-store').send({ a: 1 }));
    app.get('/missing', (_request, reply) => reply.code(404).send({ a: 1 }));
  });
  afterAll(() => app.close());

  const get = (url: string, known?: string) =>
    app.inject({ url, ...(known === undefined ? {} : { headers: { 'if-none-match': known } }) });

  it.each(['/list', '/post', '/job', '/missing', '/nowhere'])('%s depends on who asks', async (url) => {
    expect((await get(url)).headers['vary']).toBe('Authorization, Cookie');
  });

  it('a body has a tag, and 304 without it for who has it', async () => {
    const first = await get('/list');
    const etag = String(first.headers['etag']);
    expect(etag).toMatch(/^"[\w-]{22}"$/);
    for (const known of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const again = await get('/list', known);
      expect([again.statusCode, again.body, again.headers['etag']]).toEqual([304, '', etag]);
      expect(again.headers).toMatchObject({
        'cache-control': 'private, no-cache',
        vary: 'Authorization, Cookie',
      });
      expect(again.headers).not.toHaveProperty('content-type');
    }
    expect((await get('/list', '"x"')).statusCode).toBe(200);
  });

  it('a handler may know a better tag', async () => {
    expect((await get('/post')).headers['etag']).toBe('"v.h"');
    expect((await get('/post', 'W/"v.h"')).statusCode).toBe(304);
  });

  it.each(['/job', '/missing'])('%s is not kept, so it has no tag', async (url) => {
    const answer = await get(url, '*');
    expect(answer.headers).not.toHaveProperty('etag');
    expect(answer.body).toBe('{"a":1}');
  });
});
