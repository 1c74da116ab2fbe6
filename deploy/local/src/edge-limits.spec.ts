import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Problem } from '@spillway/contracts';
import { eventually, freePort } from '@spillway/testing';
import { edgeProblemsConfig } from './edge-problems.js';
import { fillTemplate } from './template.js';

describe('the limits of the edge', () => {
  const dir = mkdtempSync(join(tmpdir(), 'spec-edge-'));
  const held: (() => void)[] = [];
  let service: Server;
  let edge: ChildProcess;
  let base: string;

  beforeAll(async () => {
    service = createServer((request, response) => {
      const answer = (): void => void response.end('{}');
      if (request.url === '/v1/held') held.push(answer);
      else answer();
    }).listen(0, '127.0.0.1');
    await once(service, 'listening');
    const server = `server 127.0.0.1:${(service.address() as AddressInfo).port} max_fails=0;`;
    writeFileSync(join(dir, 'upstreams'), `upstream gateways { ${server} } upstream readers { ${server} }`);
    writeFileSync(join(dir, 'problems'), edgeProblemsConfig());
    const port = await freePort();
    base = `http://127.0.0.1:${port}`;
    const text = fillTemplate('edge/nginx.conf', {
      USER_DIRECTIVE: process.getuid?.() === 0 ? 'user root;' : '',
      RUN_DIR: dir,
      LISTEN_DIRECTIVES: `listen 127.0.0.1:${port};`,
      UPSTREAMS_FILE: join(dir, 'upstreams'),
      PROBLEMS_FILE: join(dir, 'problems'),
      TOKENLESS_PER_SECOND: 1,
      TOKENLESS_BURST: 2,
      REQUESTS_PER_ADDRESS: 4,
    });
    writeFileSync(join(dir, 'nginx.conf'), text);
    edge = spawn('nginx', ['-c', join(dir, 'nginx.conf'), '-e', 'stderr'], { stdio: 'ignore' });
    await eventually('the edge answers', () => send('/', { authorization: 'Bearer x' }).then(() => true));
  });
  afterAll(async () => {
    edge.kill('SIGTERM');
    await once(edge, 'exit');
    service.closeAllConnections();
    service.close();
    rmSync(dir, { recursive: true });
  });

  const send = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(base + path, { headers });
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
