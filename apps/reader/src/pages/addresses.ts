import type { PageSpec } from './tenant-pages.js';

/** The address that came first is forgotten for one more. */
const ADDRESSES_MAX = 2_000;
const ADDRESS_LENGTH_MAX = 200;

/**
 * Which page an address (path and query) asks for, as its route found out: the same address asks for the same page,
 * whoever sends it, and its rules need not be checked again.
 */
export class Addresses {
  private readonly specs = new Map<string, PageSpec>();

  learn(address: string, spec: PageSpec): void {
    if (address.length > ADDRESS_LENGTH_MAX || this.specs.has(address)) return;
    const [first] = this.specs.size < ADDRESSES_MAX ? [] : this.specs.keys();
    if (first !== undefined) this.specs.delete(first);
    this.specs.set(address, spec);
  }

  specAt(address: string): PageSpec | undefined {
    return this.specs.get(address);
  }
}
