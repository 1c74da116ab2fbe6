import { beforeAll, describe, expect, it } from '@jest/globals';
import { ERROR_CODES, uuidV7 } from '@spillway/contracts';
import { mintToken } from '@spillway/testing';
import { callerOf, freshTenant, problemOf, type Answer, type Api } from './api.js';

let api: Api;
beforeAll(async () => {
  api = await callerOf(freshTenant());
});

function expectProblem(answer: Answer, code: keyof typeof ERROR_CODES): void {
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect([answer.status, problemOf(answer)]).toEqual([
    ERROR_CODES[code].status,
    expect.objectContaining({
      type: `urn:spillway:error:${code}`,
      title: ERROR_CODES[code].title,
      status: ERROR_CODES[code].status,
      code,
      detail: expect.stringMatching(/.{10}/),
      requestId: expect.stringMatching(/^[0-9a-f-]{8,64}$/),
    }),
  ]);
  expect(answer.headers.get('x-request-id')).toBe(problemOf(answer).requestId);
}

describe('a body that is wrong', () => {
  const cases: [string, unknown, string][] = [
    ['no content', {}, '/content'],
    ['empty content', { content: '' }, '/content'],
    ['content of another type', { content: 7 }, '/content'],
    ['one code point too many', { content: '🌊'.repeat(10_001) }, '/content'],
    ['U+0000', { content: 'a\u0000b' }, '/content'],
    ['half a surrogate pair', { content: 'a\ud800b' }, '/content'],
    ['a channel with a space', { content: 'x', channelId: 'a b' }, '/channelId'],
    ['null for a channel', { content: 'x', channelId: null }, '/channelId'],
    ['eleven tags', { content: 'x', tags: Array.from({ length: 11 }, (_, n) => `t${n}`) }, '/tags'],
    ['an empty tag', { content: 'x', tags: ['a', ''] }, '/tags/1'],
    ['a tag that grows when folded', { content: 'x', tags: ['İ'.repeat(50)] }, '/tags/0'],
    ['a reply to nothing', { content: 'x', replyTo: 'yesterday' }, '/replyTo'],
    ['an unknown property', { content: 'x', tenantId: 'other' }, '/tenantId'],
  ];
  it.each(cases)('is refused with a pointer: %s', async (_name, body, pointer) => {
    const answer = await api.send('POST', '/v1/posts', { body: JSON.stringify(body) });
    expectProblem(answer, 'invalid_request');
    expect(problemOf(answer).errors?.map((error) => error.pointer)).toContain(pointer);
  });

  it('of exactly 10 000 code points is not wrong', async () => {
    const { job } = await api.postAndFollow({ content: '🌊'.repeat(10_000) });
    expect(job.status).toBe('completed');
  });

  it.each([
    ['not JSON', '{"content":'],
    ['a prototype', '{"content":"x","__proto__":{"admin":true}}'],
    ['nothing', ''],
  ])('is refused as malformed: %s', async (_name, body) => {
    const answer = await api.send('POST', '/v1/posts', {
      body,
      headers: { 'content-type': 'application/json' },
    });
    expect([answer.status, ['malformed_json', 'invalid_request'].includes(problemOf(answer).code)]).toEqual([
      400,
      true,
    ]);
  });

  it('of more than 64 KiB is too large, at the edge and behind it', async () => {
    const body = JSON.stringify({ content: 'x', pad: 'y'.repeat(64 * 1024) });
    expectProblem(await api.send('POST', '/v1/posts', { body }), 'payload_too_large');
  });

  it('must be application/json', async () => {
    for (const type of [
      'text/plain',
      'application/json\tx',
      'application/x-www-form-urlencoded',
      'application/jsonx',
    ]) {
      const headers = { 'content-type': type };
      expectProblem(
        await api.send('POST', '/v1/posts', { body: '{"content":"x"}', headers }),
        'unsupported_media_type',
      );
    }
  });
});

describe('a request that may not', () => {
  it('gets 401 without a valid token', async () => {
    const post = { body: JSON.stringify({ content: 'x' }) };
    expectProblem(await api.send('POST', '/v1/posts', { ...post, token: null }), 'unauthenticated');
    expectProblem(await api.send('POST', '/v1/posts', { ...post, token: 'nonsense' }), 'unauthenticated');
    const expired = await mintToken(api.stack.dir, {
      tenant: api.tenant,
      sub: 'alice',
      roles: ['author'],
      ttlSeconds: -3600,
    });
    expectProblem(await api.send('GET', '/v1/posts', { token: expired }), 'unauthenticated');
  });

  it('gets 403 without the role', async () => {
    const reader = await callerOf(api.tenant, 'rita', ['reader']);
    expectProblem(
      await reader.send('POST', '/v1/posts', { body: JSON.stringify({ content: 'x' }) }),
      'forbidden',
    );
    expect((await reader.send('GET', '/v1/posts')).status).toBe(200);
  });

  it('gets 404 for what is not there and 405 for a method that is not', async () => {
    expectProblem(await api.send('GET', '/v1/nothing'), 'not_found');
    expectProblem(await api.send('GET', `/v1/posts/${uuidV7()}`), 'not_found');
    expectProblem(await api.send('GET', '/v1/posts/1'), 'not_found');
    expectProblem(await api.send('DELETE', '/v1/post/create'), 'method_not_allowed');
  });

  it('gets 400 for a query that is wrong', async () => {
    for (const query of ['limit=0', 'limit=101', 'limit=x', 'channelId=a%20b', 'unknown=1']) {
      expectProblem(await api.send('GET', `/v1/posts?${query}`), 'invalid_request');
    }
    expectProblem(await api.send('GET', `/v1/posts?cursor=${'A'.repeat(80)}`), 'invalid_cursor');
  });

  it('gets 414 and 431 from the edge when its address or headers are too long', async () => {
    expectProblem(await api.send('GET', `/v1/posts?cursor=${'A'.repeat(20_000)}`), 'uri_too_long');
    expectProblem(
      await api.send('GET', '/v1/posts', { headers: { 'x-long': 'A'.repeat(40_000) } }),
      'headers_too_large',
    );
  });
});
