import { describe, expect, it } from '@jest/globals';
import { uuidV7 } from '@spillway/contracts';
import { callerOf, type Answer, type SendOptions } from '../e2e/api.js';
import { DocumentSchemas, readDocument } from './document.js';

const document = readDocument();
const schemas = new DocumentSchemas(document);
const api = await callerOf('openapi');

/** Sends a request and holds its answer against the document: status, headers, body. */
async function checked(
  method: string,
  path: string,
  url: string,
  options: SendOptions = {},
): Promise<Answer> {
  const answer = await api.send(method, url, options);
  const response = document.paths[path]?.[method.toLowerCase()]?.responses[String(answer.status)];
  expect([url, answer.status, response !== undefined]).toEqual([url, answer.status, true]);
  const [type = ''] = (answer.headers.get('content-type') ?? '').split(';');
  if (answer.text === '') return answer;
  expect(Object.keys(response?.content ?? {})).toContain(type);
  if (!type.endsWith('json')) return answer;
  const validate = schemas.answer(method, path, answer.status, type);
  validate(answer.json());
  expect([url, answer.status, validate.errors]).toEqual([url, answer.status, null]);
  return answer;
}

const POSTS = '/v1/posts';
const POST = '/v1/posts/{id}';
const body = (value: unknown): SendOptions => ({ body: JSON.stringify(value) });

describe('real answers are what docs/openapi.json says', () => {
  it('of a post from its creation to its deletion', async () => {
    const created = await checked('POST', POSTS, POSTS, body({ content: 'hi', tags: ['a'], channelId: 'c' }));
    expect(created.status).toBe(202);
    const { jobId } = created.json<{ jobId: string }>();
    const job = await api.followJob(jobId);
    expect((await checked('GET', '/v1/jobs/{jobId}', `/v1/jobs/${jobId}`)).status).toBe(200);
    const headers = { 'consistency-token': job.consistencyToken ?? '' };
    const url = `${POSTS}/${job.postId}`;
    const read = await checked('GET', POST, url, { headers });
    const known = { headers: { ...headers, 'if-none-match': read.headers.get('etag') ?? '' } };
    expect((await checked('GET', POST, url, known)).status).toBe(304);
    expect((await checked('GET', POSTS, `${POSTS}?limit=1`, { headers })).status).toBe(200);
    expect((await checked('PATCH', POST, url, body({ content: 'ho' }))).status).toBe(202);
    expect((await checked('DELETE', POST, url)).status).toBe(202);
    expect((await checked('PUT', POST, `${POSTS}/${uuidV7()}`, body({ content: 'hi' }))).status).toBe(202);
  });

  it('of what is derived from the changes, and of these', async () => {
    const paths = ['/v1/posts/top', '/v1/tags', '/v1/stats', '/v1/changes', '/v1/posts'];
    for (const path of paths) expect((await checked('GET', path, path)).status).toBe(200);
    expect((await checked('GET', '/v1/posts', '/v1/posts?fields=id,tags')).status).toBe(200);
    expect((await checked('GET', '/v1/search', '/v1/search?q=hi')).status).toBe(200);
    expect((await checked('GET', '/v1/changes', '/v1/changes?after=now')).status).toBe(200);
  });

  it('of writes that wait until they are carried out', async () => {
    const waiting = (value?: unknown): SendOptions => ({
      ...(value === undefined ? {} : body(value)),
      headers: { prefer: 'wait=10' },
    });
    const created = await checked('POST', POSTS, POSTS, waiting({ content: 'hi' }));
    expect(created.status).toBe(201);
    const url = `${POSTS}/${created.json<{ id: string }>().id}`;
    const put = await checked('PUT', POST, `${POSTS}/${uuidV7()}`, waiting({ content: 'hi' }));
    expect(put.status).toBe(201);
    expect((await checked('PATCH', POST, url, waiting({ content: 'ho' }))).status).toBe(200);
    expect((await checked('DELETE', POST, url, waiting())).status).toBe(200);
  });

  it('of a batch, accepted and refused item by item', async () => {
    const answer = await checked('POST', '/v1/posts/batch', '/v1/posts/batch', body([{ content: 'hi' }, {}]));
    expect(answer.status).toBe(202);
  });

  it.each<[number, string, string, string, SendOptions]>([
    [400, 'POST', POSTS, POSTS, body({ content: '', x: 1 })],
    [400, 'POST', POSTS, POSTS, { body: '{' }],
    [400, 'GET', POSTS, `${POSTS}?cursor=x`, {}],
    [400, 'GET', POSTS, `${POSTS}?offset=3`, {}],
    [400, 'GET', '/v1/posts/top', '/v1/posts/top?window=2d', {}],
    [400, 'GET', '/v1/search', '/v1/search', {}],
    [400, 'GET', '/v1/changes', '/v1/changes?after=x', {}],
    [401, 'GET', POSTS, POSTS, { token: null }],
    [404, 'GET', POST, `${POSTS}/${uuidV7()}`, {}],
    [404, 'GET', '/v1/jobs/{jobId}', '/v1/jobs/x', {}],
    [413, 'POST', POSTS, POSTS, body({ content: 'x'.repeat(70_000) })],
    [415, 'POST', POSTS, POSTS, { body: 'x', headers: { 'content-type': 'text/plain' } }],
    [200, 'GET', '/health', '/health', { token: null }],
    [200, 'GET', '/health/live', '/health/live', { token: null }],
    [200, 'GET', '/health/ready', '/health/ready', { token: null }],
    [200, 'GET', '/health/queue', '/health/queue', { token: null }],
  ])('%i of %s %s', async (status, method, path, url, options) => {
    expect((await checked(method, path, url, options)).status).toBe(status);
  });

  it('and the document itself is served to anybody, with an ETag', async () => {
    const served = await checked('GET', '/openapi.json', '/openapi.json', { token: null });
    expect(served.json()).toEqual(document);
    expect(served.headers.get('cache-control')).toBe('public, max-age=300');
    const etag = served.headers.get('etag') ?? '';
    const again = { token: null, headers: { 'if-none-match': etag } };
    expect((await checked('GET', '/openapi.json', '/openapi.json', again)).status).toBe(304);
  });

  it('and so is a page for people that can load and run nothing', async () => {
    const page = await checked('GET', '/docs', '/docs', { token: null });
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/=]+';/,
    );
    expect(page.text).not.toMatch(/<script|<link|<img|src=|https?:\/\/(?!json-schema\.org)|\son\w+=/i);
    for (const path of Object.keys(document.paths)) expect(page.text).toContain(`<code>${path}</code>`);
  });
});
