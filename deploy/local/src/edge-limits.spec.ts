import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Problem } from '@spillway/contracts';
import { eventually } from '@spillway/testing';
import { edgeFixture, type EdgeFixture } from './edge.fixture.js';

describe('the limits of the edge', () => {
  const held: (() => void)[] = [];
  let edge: EdgeFixture;

  beforeAll(async () => {
    edge = await edgeFixture(
      (request, response) => {
        const answer = (): void => void response.end('{}');
        if (request.url === '/v1/held') held.push(answer);
        else answer();
      },
      (server) => `upstream gateways { ${server} } upstream readers { ${server} }`,
    );
  });
  afterAll(() => edge.close());

  const send = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(edge.url + path, { headers });
  const expectRefused = async (answer: Response): Promise<void> => {
    expect(answer.status).toBe(429);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.headers.get('retry-after')).toBe('1');
    const problem = (await answer.json()) as Problem;
    expect(problem.code).toBe('too_many_requests');
    expect(problem.requestId).toBe(answer.headers.get('x-request-id'));
  };

  it('refuse an address that sends many requests without a token, and only those', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => send('/v1/posts')));
    const passed = answers.filter(({ status }) => status === 200).length;
    expect(passed).toBeGreaterThanOrEqual(3);
    expect(passed).toBeLessThanOrEqual(5);
    const refused = answers.find(({ status }) => status !== 200);
    if (!refused) throw new Error('nothing was refused');
    await expectRefused(refused);
    for (let n = 0; n < 20; n++) {
      expect((await send('/v1/posts', { authorization: 'Bearer x' })).status).toBe(200);
      expect((await send('/v1/posts', { cookie: 'a=b; access_token=x' })).status).toBe(200);
    }
    await expectRefused(await send('/v1/posts', { cookie: 'other=x' }));
  });

  it('refuse an address that has too many requests at once', async () => {
    const token = { authorization: 'Bearer x' };
    const waiting = Array.from({ length: 4 }, () => send('/v1/held', token));
    await eventually('four are held', () => held.length === 4);
    await expectRefused(await send('/v1/posts', token));
    for (const answer of held.splice(0)) answer();
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    await eventually('there is room again', async () => (await send('/v1/posts', token)).status === 200);
  });
});
