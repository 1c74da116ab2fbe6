import { problem, type BatchResult } from '@spillway/contracts';
import { ProblemError } from '@spillway/http';

/** What became of the posts of a batch, filled in as it becomes known. */
export class BatchResults {
  private readonly results: BatchResult[] = [];
  private readonly refusals = new Set<ProblemError>();
  private accepted = 0;
  private refusedForCertain = 0;

  constructor(private readonly requestId: string) {}

  accept(place: number, jobId: string): void {
    this.results[place] = { jobId, status: 'processing' };
    this.accepted++;
  }

  /** A mistake of the item itself: sending it again changes nothing. */
  fault(place: number, { code, detail, errors }: ProblemError): void {
    this.results[place] = { error: problem(code, detail, this.requestId, errors) };
  }

  /** A refusal that has nothing to do with what the items say. */
  refuse(places: readonly number[], refusal: ProblemError): void {
    this.refusals.add(refusal);
    if (refusal.code !== 'confirm_timeout') this.refusedForCertain += places.length;
    for (const place of places) this.fault(place, refusal);
  }

  /** Posts that were refused and certainly have no effect. */
  get withoutEffect(): number {
    return this.refusedForCertain;
  }

  /** Seconds after which the refused posts may be sent again; undefined when none was refused. */
  get retryAfterSeconds(): number | undefined {
    const waits = [...this.refusals].map(({ retryAfterSeconds }) => retryAfterSeconds ?? 1);
    return waits.length === 0 ? undefined : Math.ceil(Math.max(...waits));
  }

  /**
   * One result per item, in order.
   * @throws ProblemError when posts were refused and not one was accepted: then the refusal is the answer to
   * the whole request, and it is the unknown outcome if there is one among them.
   */
  all(): readonly BatchResult[] {
    const [first] = this.refusals;
    if (first && this.accepted === 0)
      throw [...this.refusals].find(({ code }) => code === 'confirm_timeout') ?? first;
    return this.results;
  }
}
