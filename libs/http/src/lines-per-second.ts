/** Lets so many lines through in each second, and no more. */
export class LinesPerSecond {
  private second = -1;
  private lines = 0;

  constructor(private readonly max: number) {}

  /** Whether one more line may be written. `nowMs`: milliseconds of a clock that never goes back. */
  next(nowMs: number): boolean {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.second) [this.second, this.lines] = [second, 0];
    return ++this.lines <= this.max;
  }
}
