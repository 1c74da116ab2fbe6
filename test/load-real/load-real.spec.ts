import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SpillwayClient, type SpillwayError } from '@spillway/client';
import { CHANNEL_ID, PRINCIPAL_ID, uuidV7, type Post } from '@spillway/contracts';
import { eventually, mintToken, notYet, readStack, type Stack, type StackRole } from '@spillway/testing';
import pg from 'pg';
import { runCli } from './cli.js';
import { readSentPosts, sha256, type SentPost } from './sent-posts.js';
import { countFailures, countPosts, readStoredPosts, type StoredPost } from './stored-posts.js';

const LINES = 20_500;
const LOAD_DEADLINE_MS = 240_000;
const tenant = `load-${randomBytes(4).toString('hex')}`;

let folder: string;
let file: string;
let stack: Stack;
let primary: pg.Pool;
let sent: SentPost[];
let stored: Map<string, StoredPost>;

const load = (...options: string[]): ReturnType<typeof runCli> =>
  runCli(stack.dir, ['load', file, '--tenant', tenant, '--max-wait', '3m', '--json', ...options]);

/** Kills the first process of a role outright once a share of the posts is there, and sees it come back. */
async function killAt(share: number, role: StackRole): Promise<void> {
  const wanted = Math.floor(share * LINES);
  await eventually(
    `${wanted} posts are committed`,
    async () => {
      const count = await countPosts(primary, tenant);
      return count >= wanted || notYet(count);
    },
    { deadlineMs: LOAD_DEADLINE_MS, everyMs: 200 },
  );
  const [victim] = stack.ofRole(role);
  if (!victim) throw new Error(`the stack has no ${role}`);
  process.kill(victim.pid, 'SIGKILL');
  await eventually(
    `${victim.name} is started again`,
    () => ![0, victim.pid].includes(stack.one(victim.name).pid),
    {
      deadlineMs: 30_000,
    },
  );
}

/** A client that may read, with a position behind everything that was loaded. */
async function reader(): Promise<{ client: SpillwayClient; consistencyToken: string }> {
  const token = await mintToken(stack.dir, { tenant, sub: 'reader', roles: ['author', 'reader'] });
  const client = new SpillwayClient({ baseUrl: stack.baseUrl, token });
  const { jobId } = await client.createPost({ content: 'the load is over' });
  const { consistencyToken } = await client.followJob(jobId, { deadlineMs: 30_000 });
  return { client, consistencyToken: consistencyToken ?? '' };
}

const namesOf = (post: SentPost): { author: string; channel: string } => ({
  author: /<([^<>\s]+@[^<>\s]+)>$/.exec(post.author)?.[1] ?? post.author,
  channel: post.channel,
});

describe('the import of real posts', () => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'load-real-'));
    file = join(folder, 'corpus.ndjson');
    stack = readStack();
    const [node] = stack.ofRole('postgres-primary');
    primary = new pg.Pool({ connectionString: node?.url, max: 1 });
  });
  afterAll(async () => {
    await primary.end();
    rmSync(folder, { recursive: true });
  });

  describe('20 000 real posts', () => {
    it('are made from what Debian ships: changelogs since the 1990s, sayings in several languages, naughty strings', async () => {
      const made = await runCli(stack.dir, ['corpus', '--out', file, '--lines', String(LINES)]);
      expect(made).toEqual(
        expect.objectContaining({ code: 0, stdout: expect.stringContaining(`${LINES} messages`) }),
      );
      sent = readSentPosts(file);
      expect(new Set(sent.map((post) => post.id)).size).toBe(LINES);
      const channels = new Set(sent.map((post) => post.channel));
      const languages = ['fortunes', 'fortunes-de', 'fortunes-ru', 'fortunes-zh', 'fortunes-pl', 'blns'];
      expect(languages.filter((channel) => !channels.has(channel))).toEqual([]);
      const years = new Set(sent.map((post) => post.createdAt.slice(0, 4)));
      expect([...years].filter((year) => year < '2000').length).toBeGreaterThan(0);
      expect(years.size).toBeGreaterThan(15);
    }, 180_000);

    it(
      'are all brought in while a writer, a gateway and RabbitMQ are killed',
      async () => {
        const loading = load();
        const kills = async (): Promise<void> => {
          await killAt(0.15, 'writer');
          await killAt(0.35, 'gateway');
          await killAt(0.55, 'rabbitmq');
        };
        const [ended] = await Promise.all([loading, kills()]);
        expect(ended).toEqual(expect.objectContaining({ code: 0 }));
        expect(JSON.parse(ended.stdout)).toEqual(
          expect.objectContaining({
            lines: LINES,
            accepted: LINES,
            committed: LINES,
            outstanding: 0,
            invalid: { count: 0, byCode: {}, first: [] },
            failed: { count: 0, byCode: {}, first: [] },
          }),
        );
      },
      LOAD_DEADLINE_MS,
    );

    it('are on the primary once each, byte for byte, under their time, with their tags', async () => {
      stored = await readStoredPosts(primary, tenant);
      expect(stored.size).toBe(LINES);
      const wrong = sent.filter(({ id, content, tags }) => {
        const row = stored.get(id);
        return (
          row?.contentSha256 !== sha256(content) ||
          row.tags.join('\n') !== tags.join('\n') ||
          row.tagRows !== tags.length
        );
      });
      expect(wrong).toEqual([]);
      expect(await countFailures(primary, tenant)).toBe(0);
    }, 60_000);

    it('have an author and a channel of their own for each name, the name itself where that is possible', () => {
      const pairs = sent.map((post) => ({ ...namesOf(post), row: stored.get(post.id) }));
      const authors = new Map(pairs.map(({ author, row }) => [author, row?.authorId ?? '']));
      const channels = new Map(pairs.map(({ channel, row }) => [channel, row?.channelId ?? '']));
      expect(pairs.filter(({ author, row }) => row?.authorId !== authors.get(author))).toEqual([]);
      expect(pairs.filter(({ channel, row }) => row?.channelId !== channels.get(channel))).toEqual([]);
      expect(new Set(authors.values()).size).toBe(authors.size);
      expect(new Set(channels.values()).size).toBe(channels.size);
      expect([...authors].filter(([name, id]) => PRINCIPAL_ID.test(name) && id !== name)).toEqual([]);
      expect([...channels].filter(([name, id]) => CHANNEL_ID.test(name) && id !== name)).toEqual([]);
    }, 60_000);

    it('come back over HTTP as they were sent, the naughty strings all of them', async () => {
      const { client, consistencyToken } = await reader();
      const back: Post[] = [];
      for await (const post of client.iteratePosts({ channelId: 'blns', limit: 100 }, { consistencyToken }))
        back.push(post);
      const naughty = sent.filter((post) => post.channel === 'blns');
      expect(back.map((post) => post.content)).toEqual(naughty.map((post) => post.content).reverse());
      const sample = sent.filter((_, index) => index % 50 === 0);
      for (const { id, content, createdAt, tags } of sample) {
        expect(await client.getPost(id, { consistencyToken })).toEqual(
          expect.objectContaining({ id, content, createdAt, tags }),
        );
      }
    }, 60_000);

    it(
      'are not doubled by the same load',
      async () => {
        const again = await load();
        expect(again).toEqual(expect.objectContaining({ code: 0 }));
        expect(JSON.parse(again.stdout)).toEqual(expect.objectContaining({ committed: LINES }));
        const onePostMore = 1;
        expect(await countPosts(primary, tenant)).toBe(LINES + onePostMore);
      },
      LOAD_DEADLINE_MS,
    );
  });

  describe('a string that cannot be stored', () => {
    it('is refused with the place of the mistake, and leaves nothing', async () => {
      const lines = readFileSync(file.replace('.ndjson', '.refused.ndjson'), 'utf8').trimEnd().split('\n');
      const refused = lines.map((line) => (JSON.parse(line) as { content: string }).content);
      const { client } = await reader();
      for (const content of [...refused, 'a\u0000b', '\ud83e', 'x'.repeat(10_001)]) {
        const id = uuidV7();
        const error = (await client.putPost(id, { content }).catch((e: unknown) => e)) as SpillwayError;
        expect(error).toEqual(
          expect.objectContaining({ name: 'SpillwayError', status: 400, code: 'invalid_request' }),
        );
        expect(error.problem?.errors?.[0]?.pointer).toBe('/content');
        await expect(client.getPost(id)).rejects.toThrow('not_found');
      }
    }, 60_000);
  });
});
