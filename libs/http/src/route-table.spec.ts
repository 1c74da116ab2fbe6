import { describe, expect, it } from '@jest/globals';
import { RouteTable } from './route-table.js';

const table = new RouteTable();
table.add('/v1/posts', ['POST']);
table.add('/v1/posts', ['GET']);
table.add('/v1/posts/:id', ['PUT']);
table.add('/v1/a.b', ['GET']);

describe('RouteTable', () => {
  it.each([
    ['DELETE', '/v1/posts', 'method_not_allowed', 'GET, POST'],
    ['DELETE', '/v1/posts?x=1', 'method_not_allowed', 'GET, POST'],
    ['POST', '/v1/posts/7', 'method_not_allowed', 'PUT'],
    ['GET', '/v1/posts/7/x', 'not_found', undefined],
    ['GET', '/v1/posts/', 'not_found', undefined],
    ['POST', '/v1/axb', 'not_found', undefined],
    ['GET', '/', 'not_found', undefined],
  ])('%s %s is %s', (method, url, code, allow) => {
    const wire = table.unrouted(method, url);
    expect(wire.code).toBe(code);
    expect(wire.headers?.['allow']).toBe(allow);
  });
});
