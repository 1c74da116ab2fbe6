import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, freePort, notYet } from '@spillway/testing';
import { edgeFixture, upstreamAt, type EdgeFixture } from './edge.fixture.js';

const WORDS = 'words-of-people';
const token = { authorization: 'Bearer x' };

describe('the log of the edge', () => {
  let edge: EdgeFixture;

  beforeAll(async () => {
    const dead = upstreamAt(await freePort());
    edge = await edgeFixture(
      (_, response) => void response.writeHead(504).end('{}'),
      // Of the two gateways each is asked in turn.
      (alive) => `upstream gateways { ${dead} ${alive} } upstream readers { ${dead} }`,
    );
  });
  afterAll(() => edge.close());

  const send = async (method: string, path: string): Promise<string> => {
    const answer = await fetch(edge.url + path, { method, headers: token });
    await answer.text();
    return answer.headers.get('x-request-id') ?? '';
  };
  const linesOf = (request: string): string[] =>
    edge
      .log()
      .split('\n')
      .filter((line) => line.includes(request));

  it('tells of a request that no service took, without its query', async () => {
    const request = await send('GET', `/v1/search?q=${WORDS}`);
    const [line = ''] = await eventually('it is told', () => {
      const lines = linesOf(request);
      return lines.length > 0 ? lines : notYet(edge.log());
    });
    expect(line).toMatch(/ unanswered GET \/v1\/search 502 upstream=127\.0\.0\.1:\d+ upstream_status=502 /);
    expect(edge.log()).not.toContain(WORDS);
  });

  it('tells of a service that did not answer where another did, and nothing of what a service answered', async () => {
    const requests = [];
    for (let n = 0; n < 4; n++) requests.push(await send('PUT', `/v1/posts/1?q=${WORDS}`));
    // Written in this order, so what came before this one is there.
    const last = await send('GET', '/v1/last');
    await eventually('the last is told', () => linesOf(last).length === 1);
    const told = requests.flatMap(linesOf);
    expect(told.length).toBeGreaterThan(0);
    expect(told.length).toBeLessThan(4);
    for (const line of told)
      expect(line).toMatch(/ unanswered PUT \/v1\/posts\/1 504 upstream=.*upstream_status=502 : 504 /);
    expect(edge.log()).not.toContain(WORDS);
  });
});
