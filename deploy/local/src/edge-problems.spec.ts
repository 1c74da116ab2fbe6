import { ERROR_CODES } from '@spillway/contracts';
import { describe, expect, it } from '@jest/globals';
import { EDGE_PROBLEMS, edgeProblemsConfig } from './edge-problems.js';

describe('the errors of the edge', () => {
  const bodies = [
    ...edgeProblemsConfig().matchAll(/error_page (\d+) =(\d+) [^;]+;[^]*?return (\d+) '(.*)';/g),
  ];

  it('have the shape, the title and the status of the error table', () => {
    expect(bodies).toHaveLength(EDGE_PROBLEMS.size);
    for (const [, nginxStatus, answered, returned, text = ''] of bodies) {
      const body = JSON.parse(text) as Record<string, unknown>;
      const code = EDGE_PROBLEMS.get(Number(nginxStatus))?.code ?? 'internal_error';
      expect(body).toEqual({
        type: `urn:spillway:error:${code}`,
        title: ERROR_CODES[code].title,
        status: ERROR_CODES[code].status,
        detail: expect.any(String),
        code,
        requestId: '$request_id',
      });
      expect([answered, returned]).toEqual([String(body['status']), String(body['status'])]);
    }
  });

  it('stay inside the quotes that nginx reads', () => {
    for (const [, , , , text = ''] of bodies) {
      expect(text).not.toMatch(/['\\]/);
      expect(text.replace('$request_id', '')).not.toContain('$');
    }
  });

  it('are answered to bodies of any size: a batch that met a dead gateway is told so', () => {
    const places = edgeProblemsConfig().split('location = ').slice(1);
    expect(places).toHaveLength(EDGE_PROBLEMS.size);
    for (const place of places) expect(place).toContain('client_max_body_size 0;');
  });

  it('say when to come back wherever repeating may help', () => {
    const repeatable = [...EDGE_PROBLEMS].filter(([, { retryAfterSeconds }]) => retryAfterSeconds);
    expect(repeatable.map(([status]) => status)).toEqual([429, 502, 503, 504]);
  });
});
