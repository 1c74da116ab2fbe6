import { describe, expect, it } from '@jest/globals';
import { firstPage } from './first-page.js';

describe('firstPage', () => {
  it('is the tenant’s or a channel’s, each with its size', () => {
    expect(firstPage({}, 20)).toMatchObject({ view: 'posts', params: ['', '20'], outdatedBy: 'tenant' });
    expect(firstPage({ limit: 50 }, 50)).toMatchObject({ params: ['', '50'] });
    expect(firstPage({ channelId: 'news' }, 20)).toMatchObject({
      params: ['news', '20'],
      outdatedBy: { channel: 'news' },
    });
  });

  it.each([
    { authorId: 'bob' },
    { tag: 'a' },
    { replyTo: 'x' },
    { since: '2026-01-01' },
    { until: '2026-01-01' },
    { cursor: 'x' },
    { fields: 'id' },
    { channelId: 'news', authorId: 'bob' },
  ])('is none of %j', (query) => {
    expect(firstPage(query, 20)).toBeNull();
  });

  it('has one of few sizes', () => {
    const sizes = Array.from({ length: 100 }, (_, n) => n + 1).filter((limit) => firstPage({ limit }, limit));
    expect(sizes).toEqual([10, 20, 50, 100]);
  });
});
