import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { problem, type BatchResult, type ErrorCode } from '@spillway/contracts';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runLoad, type LoadSettings } from './run-load.js';
import { isComplete, shownSummary, type Summary } from './summary.js';

interface Stored {
  readonly content: string;
  readonly authorId: string;
  readonly channelId?: string;
  readonly tags: string[];
}

/** A service with the same manners as Spillway's, in one process. */
class Service {
  readonly posts = new Map<string, Stored>();
  taken = 0;
  /** The n-th post is refused so; undefined is an ordinary one. */
  refusal: (n: number) => ErrorCode | undefined = () => undefined;
  failedJob: (stored: Stored) => boolean = () => false;
  /** Looks at a job until it has ended. */
  looksUntilEnd = 2;
  alter: (stored: Stored) => Stored = (stored) => stored;
  onPost: () => void = () => undefined;
  mostAtOnce = 0;
  private atOnce = 0;
  private readonly looks = new Map<string, number>();

  readonly server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    const json = (status: number, body: unknown): void => {
      this.atOnce--;
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    const refuse = (code: ErrorCode): void => json(problem(code, 'no', 'r').status, problem(code, 'no', 'r'));
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.atOnce);
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.method === 'POST') {
        const posts = JSON.parse(Buffer.concat(chunks).toString()) as (Stored & { id: string })[];
        return json(202, { results: posts.map((post) => this.take(post)) });
      }
      const id = request.url?.split('/').at(-1) ?? '';
      const stored = this.posts.get(id);
      if (stored === undefined) return refuse('not_found');
      if (request.url?.startsWith('/v1/posts/')) {
        const createdAt = new Date(Number.parseInt(id.replace('-', '').slice(0, 12), 16)).toISOString();
        return json(200, { id, channelId: null, ...this.alter(stored), createdAt });
      }
      const looks = (this.looks.get(id) ?? 0) + 1;
      this.looks.set(id, looks);
      const job = { jobId: id, postId: id, createdAt: '2026-01-01T00:00:00.000Z' };
      if (looks < this.looksUntilEnd) return json(200, { ...job, status: 'processing' });
      if (this.failedJob(stored))
        return json(200, { ...job, status: 'failed', error: { code: 'id_taken', detail: 'taken' } });
      return json(200, { ...job, status: 'completed', completedAt: '2026-01-01T00:00:00.030Z' });
    });
  });

  private take({ id, ...stored }: Stored & { id: string }): BatchResult {
    this.onPost();
    const refusal = this.refusal(++this.taken);
    if (refusal !== undefined) return { error: problem(refusal, 'no', 'r') };
    this.posts.set(id, stored);
    return { jobId: id, status: 'processing' };
  }
}

let service: Service;
let folder: string;
let file: string;
beforeEach(async () => {
  service = new Service();
  folder = mkdtempSync(join(tmpdir(), 'load-'));
  file = join(folder, 'posts.ndjson');
  await new Promise<void>((resolve) => service.server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  service.server.closeAllConnections();
  service.server.close();
  rmSync(folder, { recursive: true });
});

const line = (n: number): string =>
  JSON.stringify({
    author: `a${n % 7}`,
    createdAt: `2001-02-03T04:05:0${n % 10}Z`,
    content: `post ${n}`,
    tags: ['x'],
  });
const write = (lines: string[]): void => writeFileSync(file, lines.map((l) => `${l}\n`).join(''));
const many = (count: number): string[] => Array.from({ length: count }, (_, n) => line(n));
const notes: string[] = [];
const load = (own: Partial<LoadSettings> = {}): Promise<Summary> => {
  notes.length = 0;
  return runLoad({
    file,
    tenant: 'load',
    baseUrl: `http://127.0.0.1:${(service.server.address() as AddressInfo).port}`,
    token: () => Promise.resolve('token'),
    concurrency: 8,
    maxWaitMs: 5_000,
    strict: false,
    verify: false,
    signal: new AbortController().signal,
    note: (text) => notes.push(text),
    ...own,
  });
};

describe('a load', () => {
  it('brings in every line and follows each job to its end', async () => {
    write(many(300));
    const summary = await load({ verify: true });
    expect(summary).toEqual(
      expect.objectContaining({ lines: 300, sent: 300, accepted: 300, committed: 300, outstanding: 0 }),
    );
    expect(summary.verified).toEqual({ checked: 300, mismatches: { count: 0, byCode: {}, first: [] } });
    expect(summary.lagMs.max).toBe(30);
    expect(isComplete(summary)).toBe(true);
    expect(service.posts.size).toBe(300);
  });

  it('keeps equal lines apart, and adds nothing when it is repeated or its file has grown', async () => {
    write([line(1), line(1)]);
    await load();
    await load();
    expect(service.posts.size).toBe(2);
    write([line(1), line(1), line(2)]);
    await load();
    expect(service.posts.size).toBe(3);
  });

  it('repeats what was refused for the moment', async () => {
    service.refusal = (n) => (n > 30 ? undefined : n % 2 === 0 ? 'broker_unavailable' : 'confirm_timeout');
    write(many(20));
    const summary = await load();
    expect(summary).toEqual(expect.objectContaining({ accepted: 20, committed: 20 }));
    expect(summary.failedAttempts).toBe(30);
  });

  it('sends and looks at no more than was asked for at the same time', async () => {
    write(many(200));
    await load({ concurrency: 3 });
    expect(service.mostAtOnce).toBeLessThanOrEqual(3 + 32);
  });

  it('keeps to its rate', async () => {
    write(many(20));
    const summary = await load({ rate: 50 });
    expect(summary.durationMs).toBeGreaterThanOrEqual(375);
  });

  it('names the lines that cannot be imported, brings in the others and is not complete', async () => {
    write([line(1), '{', ...Array.from({ length: 30 }, () => '[]'), line(2)]);
    const summary = await load();
    expect(summary).toEqual(expect.objectContaining({ lines: 33, committed: 2 }));
    expect(summary.invalid).toEqual(expect.objectContaining({ count: 31, byCode: { invalid_line: 31 } }));
    expect(notes).toHaveLength(21);
    expect(notes[0]).toBe('line 2 is not imported: not JSON');
    expect(isComplete(summary)).toBe(false);
  });

  it('sends nothing at all with --strict when a line is invalid', async () => {
    write([line(1), '{']);
    const summary = await load({ strict: true });
    expect(summary).toEqual(
      expect.objectContaining({ sent: 0, stopped: expect.stringContaining('--strict') }),
    );
    expect(service.taken).toBe(0);
    write([line(1)]);
    expect(await load({ strict: true })).toEqual(expect.objectContaining({ lines: 1, committed: 1 }));
  });

  it('reports failed jobs and refused posts with their reasons', async () => {
    service.failedJob = ({ content }) => content === 'post 3';
    service.refusal = (n) => (n === 1 ? 'payload_too_large' : undefined);
    write(many(6));
    const summary = await load({ concurrency: 1 });
    expect(summary.failed.byCode).toEqual({ payload_too_large: 1, id_taken: 1 });
    expect(summary.failed.first).toContainEqual(
      expect.objectContaining({ line: 4, code: 'id_taken', detail: 'taken' }),
    );
    expect(shownSummary(summary)).toContain('line 4: taken');
    expect(isComplete(summary)).toBe(false);
  });

  it('gives up on a job that does not end in time', async () => {
    service.looksUntilEnd = Infinity;
    write([line(1)]);
    const summary = await load({ maxWaitMs: 100 });
    expect(summary.failed.byCode).toEqual({ job_deadline: 1 });
  });

  it('stops as a whole when the service does not accept its token', async () => {
    service.refusal = () => 'forbidden';
    write(many(5_000));
    const summary = await load();
    expect(summary.stopped).toContain('forbidden');
    expect(service.taken).toBeLessThanOrEqual(2_500);
  });

  it('stops when it is interrupted, and says how to go on', async () => {
    const controller = new AbortController();
    service.onPost = () => {
      if (service.taken === 50) controller.abort();
    };
    write(many(500));
    const summary = await load({ signal: controller.signal });
    expect(summary.accepted).toBeLessThan(500);
    expect(shownSummary(summary)).toContain('Run the same command again to go on');
    service.onPost = () => undefined;
    expect(await load()).toEqual(expect.objectContaining({ committed: 500 }));
    expect(service.posts.size).toBe(500);
  });

  it('finds a post that came back different', async () => {
    service.alter = (stored) => (stored.content === 'post 2' ? { ...stored, content: 'post 2 ' } : stored);
    write(many(4));
    const summary = await load({ verify: true });
    expect(summary.verified?.mismatches.first).toEqual([
      expect.objectContaining({
        line: 3,
        code: 'other_content',
        detail: 'content is "post 2 ", the line says "post 2"',
      }),
    ]);
    expect(isComplete(summary)).toBe(false);
  });

  it('says so when there is no such file', async () => {
    await expect(load({ file: join(folder, 'missing') })).rejects.toThrow(
      'missing cannot be read, so nothing was sent',
    );
  });
});
