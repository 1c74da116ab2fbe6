import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, freePort } from '@spillway/testing';
import { edgeProblemsConfig } from './edge-problems.js';
import { fillTemplate } from './template.js';

/** An edge of a spec's own: nginx before one service. */
export interface EdgeFixture {
  readonly url: string;
  /** What it has logged so far. */
  log(): string;
  close(): Promise<void>;
}

/** @param upstreams what nginx is told of gateways and readers, given the service's line. */
export async function edgeFixture(
  service: RequestListener,
  upstreams: (server: string) => string,
): Promise<EdgeFixture> {
  const dir = mkdtempSync(join(tmpdir(), 'spec-edge-'));
  const log = join(dir, 'log');
  const server = createServer(service).listen(0, '127.0.0.1');
  let nginx: ChildProcess | undefined;
  const close = async (): Promise<void> => {
    if (nginx?.exitCode === null && nginx.kill('SIGTERM')) await once(nginx, 'exit');
    server.closeAllConnections();
    server.close();
    rmSync(dir, { recursive: true });
  };
  try {
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${await freePort()}`;
    nginx = startNginx(dir, log, new URL(url).host, upstreams(upstreamAt(port)));
    const ask = () => fetch(url, { method: 'DELETE', headers: { authorization: 'Bearer x' } });
    await eventually('the edge answers', async () => (await ask()).text());
    return { url, log: () => readFileSync(log, 'utf8'), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function startNginx(dir: string, log: string, address: string, upstreams: string): ChildProcess {
  writeFileSync(join(dir, 'upstreams'), upstreams);
  writeFileSync(join(dir, 'problems'), edgeProblemsConfig());
  const conf = join(dir, 'nginx.conf');
  const text = fillTemplate('edge/nginx.conf', {
    USER_DIRECTIVE: process.getuid?.() === 0 ? 'user root;' : '',
    RUN_DIR: dir,
    LISTEN_DIRECTIVES: `listen ${address};`,
    UPSTREAMS_FILE: join(dir, 'upstreams'),
    PROBLEMS_FILE: join(dir, 'problems'),
    TOKENLESS_PER_SECOND: 1,
    TOKENLESS_BURST: 2,
    REQUESTS_PER_ADDRESS: 4,
  });
  writeFileSync(conf, text);
  const file = openSync(log, 'a');
  const nginx = spawn('nginx', ['-c', conf, '-e', 'stderr'], { stdio: ['ignore', 'ignore', file] });
  closeSync(file);
  return nginx;
}

export const upstreamAt = (port: number): string => `server 127.0.0.1:${port} max_fails=0;`;
