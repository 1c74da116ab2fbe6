/** Sizes that clients are likely to share: pages of others are read each time. */
const SIZES: ReadonlySet<number> = new Set([10, 20, 50, 100]);

export const isCachedSize = (limit: number): boolean => SIZES.has(limit);
