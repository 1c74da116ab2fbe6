import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freshMarks, preload } from './mutants/preload.js';

/** Wall clocks of single processes, which can be set while they run. */
export class WallClocks {
  private readonly dir: string;
  private readonly restores: readonly (() => void)[];

  /** The named processes have clocks of their own from their next start on, right at first. */
  constructor(
    stackDir: string,
    private readonly names: readonly string[],
  ) {
    this.dir = freshMarks(stackDir);
    for (const name of names) this.set(name, 0);
    this.restores = names.map((name) =>
      preload(stackDir, [name], ['clock-offset'], { SPILLWAY_CLOCK_FILE: this.fileOf(name) }),
    );
  }

  /** Sets a clock to so many milliseconds ahead of the right time. */
  set(name: string, aheadMs: number): void {
    // Renamed into place, so that nobody reads half of it.
    writeFileSync(`${this.fileOf(name)}.new`, String(aheadMs));
    renameSync(`${this.fileOf(name)}.new`, this.fileOf(name));
  }

  setAll(aheadMs: number): void {
    for (const name of this.names) this.set(name, aheadMs);
  }

  /** The processes have the machine's clock again from their next start on. */
  restore(): void {
    for (const restore of this.restores) restore();
  }

  private fileOf(name: string): string {
    return join(this.dir, `clock-${name}`);
  }
}
