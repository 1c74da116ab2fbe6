import { describe, expect, it } from '@jest/globals';
import { topRequests } from './slow.js';

const sample = (kind: string, method: string, route: string, status: number, value: number): string =>
  `http_server_request_duration_${kind}{route="${route}",method="${method}",status="${status}"} ${value}`;

describe('the slowest requests', () => {
  it('are added up over processes and statuses, most time in all first', () => {
    const first = [
      '# TYPE http_server_request_duration histogram',
      sample('count', 'GET', '/v1/posts', 200, 3),
      sample('sum', 'GET', '/v1/posts', 200, 0.3),
      sample('bucket', 'GET', '/v1/posts', 200, 999),
      sample('count', 'POST', '/v1/posts', 202, 1),
      sample('sum', 'POST', '/v1/posts', 202, 2),
    ].join('\n');
    const second = [
      sample('count', 'GET', '/v1/posts', 503, 1),
      sample('sum', 'GET', '/v1/posts', 503, 0.5),
    ].join('\n');
    const [most, next, ...rest] = topRequests([first, second, '']);
    expect(most).toEqual({ what: 'POST /v1/posts', calls: 1, totalMs: 2_000 });
    expect(next?.what).toBe('GET /v1/posts');
    expect(next?.calls).toBe(4);
    expect(next?.totalMs).toBeCloseTo(800);
    expect(rest).toEqual([]);
  });

  it('are ten at most, and none when nothing was asked', () => {
    const page = Array.from({ length: 20 }, (_, n) =>
      [sample('count', 'GET', `/${n}`, 200, 1), sample('sum', 'GET', `/${n}`, 200, n)].join('\n'),
    ).join('\n');
    expect(topRequests([page]).map(({ what }) => what)[9]).toBe('GET /10');
    expect(topRequests([page])).toHaveLength(10);
    expect(topRequests([sample('count', 'GET', '/', 200, 0)])).toEqual([]);
  });
});
