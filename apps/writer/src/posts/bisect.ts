/**
 * Runs `attempt` over all items; where it fails for a reason that lies in the data, over each half, down
 * to the single item that is to blame. The others succeed within log2(n) further attempts of each fault.
 * @returns one result an item, in order.
 */
export async function bisect<T, R>(
  items: readonly T[],
  attempt: (items: readonly T[]) => Promise<readonly R[]>,
  isDataFault: (error: unknown) => boolean,
  blame: (item: T, error: unknown) => Promise<R>,
): Promise<readonly R[]> {
  try {
    return await attempt(items);
  } catch (error) {
    if (items.length === 0 || !isDataFault(error)) throw error;
    const [only] = items;
    if (items.length === 1 && only !== undefined) return [await blame(only, error)];
    const middle = Math.ceil(items.length / 2);
    const left = await bisect(items.slice(0, middle), attempt, isDataFault, blame);
    const right = await bisect(items.slice(middle), attempt, isDataFault, blame);
    return [...left, ...right];
  }
}
