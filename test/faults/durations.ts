import type { RequestRecord } from './history.js';

const SPARED_SHARE = 0.95;

/** Milliseconds from sending to the answer below which this share of the requests stayed; 0 for none. */
export function percentile(requests: readonly RequestRecord[], share: number): number {
  const sorted = requests.map(({ t0, t1 }) => t1 - t0).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/**
 * Whether this share of the requests was answered within `limitMs`; or, where the machine is too busy for
 * that, as soon as the same share of what was accepted before the fault.
 */
export const quick = (
  requests: readonly RequestRecord[],
  share: number,
  limitMs: number,
  usual: readonly RequestRecord[],
): boolean => percentile(requests, share) <= Math.max(limitMs, percentile(usual, share));

/** Requests by what was answered. */
export function byAnswer(requests: readonly RequestRecord[]) {
  return {
    accepted: requests.filter(({ answer }) => answer.kind === 'accepted'),
    /** 503 of any code. */
    refused: requests.filter(({ answer }) => answer.kind === 'refused' && answer.status === 503),
    /** 504: whether it had its effect is unknown. */
    unknown: requests.filter(({ answer }) => answer.kind === 'unknown' && answer.status === 504),
  };
}

/**
 * Whether clients were spared: nearly all was accepted, and what was not was refused by the gate of a gateway
 * that this machine gave too little time.
 */
export const spared = (requests: readonly RequestRecord[]): boolean =>
  byAnswer(requests).accepted.length >= requests.length * SPARED_SHARE &&
  requests.every(
    ({ answer }) =>
      answer.kind === 'accepted' || (answer.kind === 'refused' && answer.code === 'too_many_unconfirmed'),
  );

/** How often each answer occurred, for a sentence. */
export function summary(requests: readonly RequestRecord[]): string {
  return tally(
    requests.map(({ answer }) =>
      answer.kind === 'accepted'
        ? '202'
        : answer.kind === 'refused'
          ? `${answer.status} ${answer.code}`
          : `${answer.status ?? 'no answer'} ${answer.why}`,
    ),
  );
}

/** `3 × this, 1 × that`. */
export function tally(texts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].map(([text, n]) => `${n} × ${text}`).join(', ') || 'none';
}
