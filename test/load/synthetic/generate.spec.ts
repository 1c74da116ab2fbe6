import { describe, expect, it } from '@jest/globals';
import { syntheticPosts } from './generate.js';

const options = { tenant: 't', posts: 5_000, from: Date.UTC(2026, 0, 1), to: Date.UTC(2026, 11, 1), seed: 3 };

describe('syntheticPosts', () => {
  const posts = [...syntheticPosts(options)];
  const rows = posts.map(({ post }) => post.trimEnd().split('\t'));

  it('makes as many as asked, each of ten cells, with ascending ids within the time', () => {
    expect(rows).toHaveLength(5_000);
    expect(rows.every((cells) => cells.length === 10)).toBe(true);
    const ids = rows.map(([, id = '']) => id);
    expect(ids).toEqual([...ids].sort());
    expect(new Set(ids).size).toBe(5_000);
    const timeOf = (id = ''): number => Number.parseInt(id.replace('-', '').slice(0, 12), 16);
    expect(timeOf(ids[0])).toBe(options.from);
    expect(timeOf(ids.at(-1))).toBeLessThan(options.to);
  });

  it('gives few authors much and many little', () => {
    const counts = new Map<string, number>();
    for (const [, , author = ''] of rows) counts.set(author, (counts.get(author) ?? 0) + 1);
    const sorted = [...counts.values()].sort((a, b) => b - a);
    expect(sorted[0]).toBeGreaterThan(200);
    expect(counts.size).toBeGreaterThan(500);
  });

  it('is the same for the same seed, and has a line for each tag', () => {
    expect([...syntheticPosts(options)]).toEqual(posts);
    expect(posts.flatMap(({ tags }) => tags).length).toBe(rows.filter((cells) => cells[7] !== '{}').length);
  });
});
