import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { watchLeaks, type LeakCheck } from '@spillway/testing';
import { REPO } from '../stack/launcher.js';

const TRACE = '12345678901234567890123456789012';
const PARENT = '1234567890123456';
const VALID = `00-${TRACE}-${PARENT}-01`;
const FORM = /^00-([0-9a-f]{32})-([0-9a-f]{16})-0[01]$/;

interface Received {
  readonly traceId: string;
  readonly parentId: string;
  readonly flags: string;
  readonly tracestate: string | undefined;
}

describe('W3C Trace Context', () => {
  let leaks: LeakCheck;
  let service: ChildProcess;
  let url: string;
  let harness: Server;
  let heard: Received[] = [];

  beforeAll(async () => {
    leaks = watchLeaks();
    harness = createServer((request, response) => {
      const answer = (): unknown => response.setHeader('connection', 'close').end('{}');
      request.resume().on('end', answer);
      if (request.url !== '/harness') return;
      const traceparent = String(request.headers['traceparent']);
      const [, traceId = '', parentId = ''] = FORM.exec(traceparent) ?? [];
      const state = request.headers['tracestate'];
      const tracestate = typeof state === 'string' ? state : undefined;
      heard.push({ traceId, parentId, flags: traceparent.slice(-2), tracestate });
    }).listen(0, '127.0.0.1');
    await once(harness, 'listening');
    const main = [
      join(REPO, 'libs/telemetry/dist/register.js'),
      join(REPO, 'test/dist/trace-context/main.js'),
    ];
    const own = `http://127.0.0.1:${(harness.address() as AddressInfo).port}`;
    service = spawn(process.execPath, ['--import', ...main], {
      // The harness takes its spans too, and looks at none.
      env: { PATH: process.env['PATH'], OTEL_EXPORTER_OTLP_ENDPOINT: own, OTEL_TRACES_SAMPLER_ARG: '1' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const { stdout } = service;
    if (!stdout) throw new Error('the service has no output');
    const lines = createInterface(stdout);
    [url] = (await once(lines, 'line')) as [string];
    lines.close();
  });
  afterAll(async () => {
    const ended = once(service, 'exit');
    service.kill('SIGTERM');
    await ended;
    harness.close();
    await leaks.expectNoLeaks();
  });

  /** Sends raw headers, as often as they are named, and returns what the harness was sent for it. */
  async function ask(
    headers: readonly (readonly [string, string])[],
    calls = 1,
  ): Promise<readonly Received[]> {
    heard = [];
    const { port } = harness.address() as AddressInfo;
    const target = { url: `http://127.0.0.1:${port}/harness`, arguments: [] };
    const body = JSON.stringify(Array.from({ length: calls }, () => target));
    const flat = [
      ...headers,
      ['content-type', 'application/json'],
      ['content-length', String(body.length)],
    ].flat();
    const request = httpRequest(url, {
      method: 'POST',
      agent: false,
      headers: ['host', '127.0.0.1', ...flat],
    });
    request.end(body);
    const [response] = (await once(request, 'response')) as [NodeJS.ReadableStream & { statusCode: number }];
    response.resume();
    await once(response, 'end');
    expect(response.statusCode).toBe(200);
    expect(heard).toHaveLength(calls);
    return heard;
  }
  const one = async (...headers: (readonly [string, string])[]): Promise<Received> => {
    const [received] = await ask(headers);
    if (!received) throw new Error('the harness was not called');
    expect(received.traceId).not.toBe('');
    return received;
  };
  const state = (...values: string[]): Promise<Received> =>
    one(['traceparent', VALID], ...values.map((value) => ['tracestate', value] as const));

  describe('traceparent', () => {
    it('is begun when there is none', async () => {
      const [first, second] = [await one(), await one()];
      expect(first.traceId).not.toBe(second.traceId);
    });

    it('is carried on: the same trace, another parent', async () => {
      const received = await one(['traceparent', VALID]);
      expect(received.traceId).toBe(TRACE);
      expect(received.parentId).not.toBe(PARENT);
    });

    it('names another parent in every call of a request, and in every request', async () => {
      const all = [...(await ask([['traceparent', VALID]], 3)), ...(await ask([['traceparent', VALID]], 3))];
      expect(all.map(({ traceId }) => traceId)).toEqual(all.map(() => TRACE));
      expect(new Set(all.map(({ parentId }) => parentId)).size).toBe(6);
    });

    it.each(['traceparent', 'TraceParent', 'TRACEPARENT'])('is found as %s', async (name) => {
      expect((await one([name, VALID])).traceId).toBe(TRACE);
    });

    it.each(['trace-parent', 'trace.parent'])('is not found as %s', async (name) => {
      expect((await one([name, VALID])).traceId).not.toBe(TRACE);
    });

    it.each([` ${VALID}`, `\t${VALID}`, `${VALID} `, ` \t${VALID} \t`])(
      'may have space around it: %j',
      async (text) => {
        expect((await one(['traceparent', text])).traceId).toBe(TRACE);
      },
    );

    it('is void when it comes twice', async () => {
      const twice = await one(['traceparent', VALID], ['traceparent', VALID.replace('-01', '-00')]);
      expect(twice.traceId).not.toBe(TRACE);
    });

    it.each([
      ['version ff', `ff-${TRACE}-${PARENT}-01`],
      ['a version of one digit', `0-${TRACE}-${PARENT}-01`],
      ['a version of three', `000-${TRACE}-${PARENT}-01`],
      ['a version that is no hex', `.0-${TRACE}-${PARENT}-01`],
      ['upper case in the version', `CC-${TRACE}-${PARENT}-01`],
      ['more after version 00', `${VALID}-extra`],
      ['a hyphen after version 00', `${VALID}-`],
      ['more without a hyphen', `${VALID}.what`],
      ['more without a hyphen in a later version', `cc-${TRACE}-${PARENT}-01.what`],
      ['a trace id of zeros', `00-${'0'.repeat(32)}-${PARENT}-01`],
      ['a trace id in upper case', `00-${'ABCDEF'.repeat(5)}12-${PARENT}-01`],
      ['a trace id that is no hex', `00-.${TRACE.slice(1)}-${PARENT}-01`],
      ['a short trace id', `00-${TRACE.slice(1)}-${PARENT}-01`],
      ['a long trace id', `00-${TRACE}0-${PARENT}-01`],
      ['a parent id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
      ['a parent id that is no hex', `00-${TRACE}-.${PARENT.slice(1)}-01`],
      ['a short parent id', `00-${TRACE}-${PARENT.slice(1)}-01`],
      ['a long parent id', `00-${TRACE}-${PARENT}0-01`],
      ['flags that are no hex', `00-${TRACE}-${PARENT}-.0`],
      ['flags of one digit', `00-${TRACE}-${PARENT}-1`],
      ['flags of three digits', `00-${TRACE}-${PARENT}-001`],
      ['flags in upper case', `00-${TRACE}-${PARENT}-0A`],
    ])('is begun anew, without its tracestate, for %s', async (_what, text) => {
      const received = await one(['traceparent', text], ['tracestate', 'foo=1']);
      expect([TRACE, '0'.repeat(32)]).not.toContain(received.traceId);
      expect(received.tracestate).toBeUndefined();
    });

    it.each([
      `cc-${TRACE}-${PARENT}-01`,
      `cc-${TRACE}-${PARENT}-01-what-the-future-will-be-like`,
      `01-${TRACE}-${PARENT}-01-`,
    ])('is read of a later version, and goes out as version 00: %s', async (text) => {
      expect((await one(['traceparent', text])).traceId).toBe(TRACE);
    });

    it('keeps flags that nobody knows to itself', async () => {
      const received = await one(['traceparent', `00-${TRACE}-${PARENT}-ff`]);
      expect(received.traceId).toBe(TRACE);
      expect(received.flags).toMatch(/^0[01]$/);
    });
  });

  describe('tracestate', () => {
    it('is carried on as it came', async () => {
      expect((await state('foo=1,bar=2')).tracestate).toBe('foo=1,bar=2');
    });

    it('is nothing without a traceparent', async () => {
      expect((await one(['tracestate', 'foo=1'])).tracestate).toBeUndefined();
    });

    it('may come in several headers, whose order counts', async () => {
      expect((await state('foo=1,bar=2', 'rojo=1,congo=2', 'baz=3')).tracestate).toBe(
        'foo=1,bar=2,rojo=1,congo=2,baz=3',
      );
    });

    it.each(['TraceState', 'TRACESTATE'])('is found as %s', async (name) => {
      expect((await one(['traceparent', VALID], [name, 'foo=1'])).tracestate).toBe('foo=1');
    });

    it.each(['foo=1 , bar=2', 'foo=1\t,\tbar=2', ' foo=1,bar=2 ', 'foo=1,,bar=2', ',foo=1,bar=2,'])(
      'may hold space and empty members: %j',
      async (text) => {
        expect((await state(text)).tracestate).toBe('foo=1,bar=2');
      },
    );

    it.each([
      'foo',
      'foo@=1,bar',
      '@foo=1',
      'FOO=1',
      'foo =1',
      'foo.bar=1',
      'foo=',
      'foo=bar=baz',
      'foo=1,foo=2',
    ])('is left out as a whole when a part of it is not valid: %s', async (text) => {
      const received = await state(`ok=1,${text}`);
      expect(received).toMatchObject({ traceId: TRACE, tracestate: undefined });
    });

    it('has 32 members at most', async () => {
      const members = (count: number): string =>
        Array.from({ length: count }, (_, n) => `bar${n}=${n}`).join(',');
      expect((await state(members(32))).tracestate).toBe(members(32));
      expect((await state(members(33))).tracestate).toBeUndefined();
    });

    it('is carried on with keys and values as long and as strange as they may be', async () => {
      const text = `${'z'.repeat(256)}=${'v'.repeat(256)},t@v=1,a-_*/bcdefghijklmnopqrstuvwxyz0123456789= !"#$%&'()*+-./:;<>?@[]^_{|}~`;
      expect((await state(text)).tracestate).toBe(text);
    });
  });
});
