import { LagHistogram } from './lag-histogram.js';

/** Why one line did not become a post. */
export interface Mishap {
  readonly line: number;
  readonly postId?: string;
  readonly code: string;
  readonly detail: string;
}

/** How many mishaps of a kind are remembered word by word; the rest is counted. */
export const REMEMBERED = 20;

/** Mishaps of one kind: all of them counted, by code, and the first ones remembered. */
export class Mishaps {
  readonly first: Mishap[] = [];
  readonly byCode: Record<string, number> = {};
  count = 0;

  add(mishap: Mishap): void {
    this.count++;
    this.byCode[mishap.code] = (this.byCode[mishap.code] ?? 0) + 1;
    if (this.first.length < REMEMBERED) this.first.push(mishap);
  }
}

/** What has happened so far in a load. Everything in it has a fixed size. */
export class Tally {
  readonly startedAt = Date.now();
  bytesRead = 0;
  lines = 0;
  sent = 0;
  accepted = 0;
  committed = 0;
  /** Of the committed: those that an earlier run had brought in. */
  alreadyThere = 0;
  failedAttempts = 0;
  /** The code of the last attempt that failed, and when that was (Unix ms). */
  lastTrouble = { code: '', at: 0 };
  readonly invalid = new Mishaps();
  readonly failed = new Mishaps();
  readonly lag = new LagHistogram();

  /** Accepted, and neither committed nor failed yet. */
  outstanding = 0;
}
