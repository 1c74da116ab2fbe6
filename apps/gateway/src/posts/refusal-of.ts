import type { ErrorCode } from '@spillway/contracts';
import type { WireError } from '@spillway/http';
import type { NotPublished, PublishFailure } from '@spillway/messaging';

interface Refusal {
  readonly code: ErrorCode;
  readonly remedy: string;
  readonly retryAfterSeconds: number;
}

const NOT_ACCEPTED = 'The post was not accepted and has no effect; send it again after Retry-After.';
const UNKNOWN =
  'Whether the post was accepted is unknown; send it again with PUT and the same id, which is always safe.';

const REFUSALS: Record<PublishFailure, Refusal> = {
  unavailable: { code: 'broker_unavailable', remedy: NOT_ACCEPTED, retryAfterSeconds: 2 },
  blocked: { code: 'broker_unavailable', remedy: NOT_ACCEPTED, retryAfterSeconds: 5 },
  full: { code: 'too_many_unconfirmed', remedy: NOT_ACCEPTED, retryAfterSeconds: 1 },
  unroutable: { code: 'broker_rejected', remedy: NOT_ACCEPTED, retryAfterSeconds: 5 },
  rejected: { code: 'broker_rejected', remedy: NOT_ACCEPTED, retryAfterSeconds: 2 },
  unknown: { code: 'confirm_timeout', remedy: UNKNOWN, retryAfterSeconds: 1 },
};

/** The answer to a client whose post was not confirmed: 503 never takes effect, 504 is unknown. */
export function refusalOf({ failure, message }: NotPublished): WireError {
  const { code, remedy, retryAfterSeconds } = REFUSALS[failure];
  return { code, detail: `${sentence(message)} ${remedy}`, retryAfterSeconds };
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
