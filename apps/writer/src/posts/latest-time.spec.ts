import { describe, expect, it } from '@jest/globals';
import { latestTime } from './latest-time.js';

const NOW = Date.UTC(2026, 0, 1);
const TEN_MINUTES_MS = 600_000;
const DAY_MS = 24 * 3600_000;

describe('the latest time that a writer knows', () => {
  it.each([
    ['both agree', NOW, NOW, NOW],
    ["the database's clock was set back", NOW - TEN_MINUTES_MS, NOW, NOW],
    ["the writer's was", NOW, NOW - TEN_MINUTES_MS, NOW],
    ["the writer's is far ahead", NOW, NOW + 400 * DAY_MS, NOW + DAY_MS],
  ])('when %s', (_, databaseMs, ownMs, latest) => {
    expect(latestTime(databaseMs, ownMs)).toBe(latest);
  });
});
