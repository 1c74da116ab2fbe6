import { shownDuration } from './duration.js';
import type { Tally } from './tally.js';

const EVERY_MS = 1_000;
/** Where lines cannot be overwritten, in logs, they come less often. */
const EVERY_MS_IN_LOGS = 5_000;

/** Trouble that is longer ago is over. */
const RECENT_MS = 6_000;

/** One line about how far a load is. `totalBytes` is the size of the file. */
export function progressLine(tally: Tally, totalBytes: number, now: number): string {
  const elapsedMs = Math.max(1, now - tally.startedAt);
  const share = totalBytes === 0 ? 1 : tally.bytesRead / totalBytes;
  const perSecond = Math.round((tally.accepted / elapsedMs) * 1_000);
  const left = share > 0 && share < 1 ? `, ${shownDuration((elapsedMs / share) * (1 - share))} left` : '';
  const { code, at } = tally.lastTrouble;
  const trouble = now - at < RECENT_MS ? ` · repeating after ${code}` : '';
  return (
    `${Math.floor(share * 100)} %${left} · sent ${tally.sent} · accepted ${tally.accepted} (${perSecond}/s)` +
    ` · committed ${tally.committed} · failed ${tally.failed.count} · invalid ${tally.invalid.count}` +
    ` · lag ${tally.lag.percentileMs(0.5)} ms${trouble}`
  );
}

/** Writes a line each second, over the former one on a terminal. Returns what ends it with a last line. */
export function startProgress(line: () => string, stream: NodeJS.WriteStream): () => void {
  const overwrite = stream.isTTY;
  const write = (): void => {
    const width = overwrite ? stream.columns - 1 : Infinity;
    stream.write(overwrite ? `\r\u001b[K${line().slice(0, width)}` : `${line()}\n`);
  };
  const timer = setInterval(write, overwrite ? EVERY_MS : EVERY_MS_IN_LOGS);
  return () => {
    clearInterval(timer);
    write();
    if (overwrite) stream.write('\n');
  };
}
