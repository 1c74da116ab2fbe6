import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, freePort, notYet } from '@spillway/testing';
import { edgeProblemsConfig } from './edge-problems.js';
import { fillTemplate } from './template.js';

const WORDS = 'words-of-people';
const token = { authorization: 'Bearer x' };

describe('the log of the edge', () => {
  const dir = mkdtempSync(join(tmpdir(), 'spec-edge-log-'));
  const log = join(dir, 'log');
  let service: Server;
  let edge: ChildProcess;
  let base: string;

  beforeAll(async () => {
    service = createServer((_, response) => void response.writeHead(504).end('{}')).listen(0, '127.0.0.1');
    await once(service, 'listening');
    const alive = `server 127.0.0.1:${(service.address() as AddressInfo).port} max_fails=0;`;
    const dead = `server 127.0.0.1:${await freePort()} max_fails=0;`;
    // Of the two gateways each is asked in turn.
    const upstreams = `upstream gateways { ${dead} ${alive} } upstream readers { ${dead} }`;
    writeFileSync(join(dir, 'upstreams'), upstreams);
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
    const file = openSync(log, 'a');
    edge = spawn('nginx', ['-c', join(dir, 'nginx.conf'), '-e', 'stderr'], {
      stdio: ['ignore', 'ignore', file],
    });
    closeSync(file);
    await eventually('the edge answers', () => send('DELETE', '/').then(() => true));
  });
  afterAll(async () => {
    edge.kill('SIGTERM');
    await once(edge, 'exit');
    service.closeAllConnections();
    service.close();
    rmSync(dir, { recursive: true });
  });

  const send = async (method: string, path: string): Promise<string> => {
    const answer = await fetch(base + path, { method, headers: token });
    await answer.text();
    return answer.headers.get('x-request-id') ?? '';
  };
  const linesOf = (request: string): string[] =>
    readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => line.includes(request));

  it('tells of a request that no service took, without its query', async () => {
    const request = await send('GET', `/v1/search?q=${WORDS}`);
    const [line = ''] = await eventually('it is told', () => {
      const lines = linesOf(request);
      return lines.length > 0 ? lines : notYet(readFileSync(log, 'utf8'));
    });
    expect(line).toMatch(/ unanswered GET \/v1\/search 502 upstream=127\.0\.0\.1:\d+ upstream_status=502 /);
    expect(readFileSync(log, 'utf8')).not.toContain(WORDS);
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
      expect(line).toMatch(/ unanswered PUT \/v1\/posts\/1 504 upstream=.*upstream_status=502, 504 /);
    expect(readFileSync(log, 'utf8')).not.toContain(WORDS);
  });
});
