/** A group of things to choose from: how many there are, and its share of the whole. */
export interface Group {
  readonly size: number;
  readonly weight: number;
}

/**
 * How many to take of each group, so that `total` come together: by weight, and what a small group cannot
 * give is shared among the others. Takes everything when there is not enough.
 */
export function allot(groups: readonly Group[], total: number): number[] {
  const taken = groups.map(() => 0);
  let left = total;
  for (;;) {
    const open = groups.flatMap(({ size, weight }, i) =>
      size > (taken[i] ?? 0) ? [{ i, size, weight }] : [],
    );
    const weights = open.reduce((sum, { weight }) => sum + weight, 0);
    if (left <= 0 || open.length === 0) return taken;
    const share = left / weights;
    for (const { i, size, weight } of open) {
      const more = Math.min(size - (taken[i] ?? 0), Math.max(1, Math.floor(share * weight)), left);
      taken[i] = (taken[i] ?? 0) + more;
      left -= more;
    }
  }
}

/** `count` of the items, evenly spread over them, in their order. */
export function evenly<T>(items: readonly T[], count: number): T[] {
  const taken = Math.min(count, items.length);
  return Array.from({ length: taken }, (_, i) => Math.floor((i * items.length) / taken)).flatMap((at) =>
    items.slice(at, at + 1),
  );
}
