import { describe, expect, it } from '@jest/globals';
import { isUuidV7 } from '@spillway/contracts';
import { collect } from '@spillway/testing';
import fc from 'fast-check';
import { groupPosts, type BatchPost, type GroupOptions, type PreparedPost } from './group-posts.js';

const groupsOf = (
  posts: Iterable<BatchPost>,
  options: Partial<GroupOptions> = {},
): Promise<PreparedPost[][]> => collect(groupPosts(posts, { lingerMs: 60_000, ...options }));
const bodyOf = (group: readonly PreparedPost[]): string => `[${group.map(({ json }) => json).join(',')}]`;

describe('groupPosts', () => {
  it('keeps order and both limits, and begins a group only when the last one is full', async () => {
    const contents = fc.array(fc.string({ unit: 'binary', maxLength: 60 }), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(contents, async (texts) => {
        const limits = { maxPosts: 7, maxBytes: 900 };
        const groups = await groupsOf(
          texts.map((content) => ({ content })),
          limits,
        );
        const sent = groups.flatMap((group) => JSON.parse(bodyOf(group)) as BatchPost[]);
        expect(sent.map(({ content }) => content)).toEqual(texts);
        for (const [place, group] of groups.entries()) {
          expect(group.length).toBeLessThanOrEqual(7);
          const bytes = Buffer.byteLength(bodyOf(group));
          expect(bytes).toBeLessThanOrEqual(900);
          const next = groups[place + 1]?.[0];
          if (next && group.length < 7) expect(bytes + 1 + Buffer.byteLength(next.json)).toBeGreaterThan(900);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('mints an id for each post that has none, before anything is sent', async () => {
    const own = '0190b7b0-0000-7000-8000-000000000001';
    const [group = []] = await groupsOf([{ content: 'a' }, { id: own, content: 'b' }]);
    expect(isUuidV7(group[0]?.postId ?? '')).toBe(true);
    expect(JSON.parse(bodyOf(group))).toEqual([
      { id: group[0]?.postId, content: 'a' },
      { id: own, content: 'b' },
    ]);
    expect(group[1]?.postId).toBe(own);
  });

  it('sends one that is larger than a request alone: it is for the service to refuse', async () => {
    const sizes = [10, 2_000, 10].map((length) => ({ content: 'x'.repeat(length) }));
    expect((await groupsOf(sizes, { maxBytes: 900 })).map((group) => group.length)).toEqual([1, 1, 1]);
  });

  it('lets nobody wait for a slow source, and tells the source when it is not needed any more', async () => {
    let told = false;
    let go: () => void = () => undefined;
    const slow = async function* (): AsyncGenerator<BatchPost> {
      try {
        yield { content: 'a' };
        yield { content: 'b' };
        await new Promise<void>((resolve) => (go = resolve));
        yield { content: 'c' };
      } finally {
        told = true;
      }
    };
    const groups = groupPosts(slow(), { lingerMs: 5 });
    expect((await groups.next()).value).toHaveLength(2);
    const next = groups.next();
    go();
    expect((await next).value).toHaveLength(1);
    await groups.return();
    expect(told).toBe(true);
  });

  it('makes nothing of nothing, and fails as its source does', async () => {
    expect(await groupsOf([])).toEqual([]);
    const broken = function* (): Generator<BatchPost> {
      yield { content: 'a' };
      throw new Error('the file is gone');
    };
    await expect(groupsOf(broken())).rejects.toThrow('the file is gone');
  });
});
