import type { Position } from '@spillway/contracts';

const FORM = /^([0-9a-f]{8})([0-9a-f]{16}) ([a-z0-9-]{1,16})$/;
/** The part of the text that orders positions: timeline, then place in the log. */
export const ORDERED_LENGTH = 24;

/** A position as text whose first 24 characters order it, a later timeline after an earlier one. */
export const positionText = ({ shard, timeline, lsn }: Position): string =>
  `${timeline.toString(16).padStart(8, '0')}${lsn} ${shard}`;

/** The position, or undefined when the text is none. */
export function positionOfText(text: string): Position | undefined {
  const match = FORM.exec(text);
  if (!match) return undefined;
  const [, timeline = '', lsn = '', shard = ''] = match;
  return { shard, timeline: Number.parseInt(timeline, 16), lsn };
}
