/**
 * The local trace viewer: the OTLP receiver and the pages of `@elastic/mockotlpserver`. Its own storage lies in
 * its package folder, has no bound and is shared by every stack, so spans are kept by `trace-store.ts` instead.
 */
import { createReadStream, existsSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, extname, join, normalize } from 'node:path';
import mock from '@elastic/mockotlpserver';
import { spanRecords } from './spans.js';
import { TraceStore } from './trace-store.js';

const HOST = '127.0.0.1';
const PAGES = join(
  dirname(createRequire(import.meta.url).resolve('@elastic/mockotlpserver/package.json')),
  'ui',
);
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.png': 'image/png',
};

const store = new TraceStore(process.env['TRACES_DIR'] ?? '.');
const receiver = new mock.MockOtlpServer({
  services: ['http'],
  logLevel: 'warn',
  httpHostname: HOST,
  httpPort: Number(process.env['OTLP_PORT'] ?? 4318),
  onTrace: (request) => store.add(spanRecords(request)),
});
await receiver.start();
createServer((request, response) =>
  answer(new URL(request.url ?? '/', 'http://viewer').pathname, response),
).listen(Number(process.env['TRACE_UI_PORT'] ?? 8081), HOST);

function answer(path: string, response: ServerResponse): void {
  const id = /^\/api\/traces\/([0-9a-f]{32})$/.exec(path)?.[1];
  if (path === '/api/traces')
    return send(
      response,
      'application/json',
      JSON.stringify(store.ids().map((trace) => `trace-${trace}.ndjson`)),
    );
  const spans = id === undefined ? undefined : store.trace(id);
  if (spans)
    return send(response, 'text/plain; charset=utf-8', spans.map((span) => JSON.stringify(span)).join('\n'));
  const page = join(PAGES, normalize(path === '/' ? '/index.html' : path));
  const type = MEDIA_TYPES[extname(page)];
  if (!type || !page.startsWith(PAGES) || !existsSync(page))
    return void response.writeHead(404).end('Not found\n');
  response.writeHead(200, { 'Content-Type': type });
  createReadStream(page).pipe(response);
}

const send = (response: ServerResponse, type: string, body: string): void =>
  void response.writeHead(200, { 'Content-Type': type }).end(body);
