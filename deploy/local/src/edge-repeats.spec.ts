import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freePort } from '@spillway/testing';
import { edgeFixture, upstreamAt, type EdgeFixture } from './edge.fixture.js';

const CHANGES = ['POST', 'PUT', 'PATCH', 'DELETE'] as const;
const EACH_GATEWAY_TWICE = 4;

/** One of two gateways answers 503; the other is what the spec says. Each is asked in turn. */
describe('the edge, where one gateway fails and the other refuses', () => {
  let dying: Server;
  let edges: Readonly<Record<'dead' | 'dying', EdgeFixture>>;
  let seen = 0;

  beforeAll(async () => {
    dying = createServer((socket) => socket.once('data', () => (seen++, socket.resetAndDestroy())));
    await once(dying.listen(0, '127.0.0.1'), 'listening');
    const edgeBeside = async (other: number): Promise<EdgeFixture> =>
      edgeFixture(
        (request, response) => request.resume().once('end', () => response.writeHead(503).end('refused')),
        (refusing) =>
          `upstream gateways { ${upstreamAt(other)} ${refusing} } upstream readers { ${refusing} }`,
      );
    edges = {
      dead: await edgeBeside(await freePort()),
      dying: await edgeBeside((dying.address() as AddressInfo).port),
    };
  });
  afterAll(async () => {
    await Promise.all(Object.values(edges).map((edge) => edge.close()));
    dying.close();
  });

  const statuses = async (edge: EdgeFixture, method: string, path: string): Promise<number[]> => {
    const answers = [];
    for (let n = 0; n < EACH_GATEWAY_TWICE; n++) {
      const body = method === 'DELETE' ? {} : { body: 'x'.repeat(20_000) };
      const answer = await fetch(edge.url + path, {
        method,
        headers: { authorization: 'Bearer x' },
        ...body,
      });
      expect((await answer.text()).includes('bad_gateway')).toBe(answer.status === 502);
      answers.push(answer.status);
    }
    return answers.sort();
  };

  it.each(CHANGES)(
    '%s: what a gateway has seen is not sent to another; what came of it is unknown',
    async (method) => {
      seen = 0;
      expect(await statuses(edges.dying, method, '/v1/posts/1')).toEqual([502, 502, 503, 503]);
      expect(seen).toBe(2);
    },
  );

  it.each(CHANGES)('%s: what no gateway has seen is sent to the next', async (method) => {
    expect(await statuses(edges.dead, method, '/v1/posts/1')).toEqual([503, 503, 503, 503]);
  });

  it('a batch of any size is told the same', async () => {
    const answer = async (): Promise<[number, string]> => {
      const body = 'x'.repeat(500_000);
      const headers = { authorization: 'Bearer x' };
      const sent = await fetch(`${edges.dying.url}/v1/posts/batch`, { method: 'POST', headers, body });
      return [sent.status, (await sent.text()).slice(0, 40)];
    };
    const told = [await answer(), await answer()].sort(([a], [b]) => a - b);
    expect(told).toEqual([
      [502, expect.stringContaining('urn:spillway:error:bad')],
      [503, 'refused'],
    ]);
  });
});
