import { readFileSync } from 'node:fs';

/**
 * Preload for a process whose wall clock is off: by SPILLWAY_CLOCK_OFFSET_MS from its first line on, or by
 * what the file SPILLWAY_CLOCK_FILE says, as soon as it says so. The monotonic clock goes on, as it does when
 * somebody sets a machine's clock.
 */
const EVERY_MS = 20;
const file = process.env['SPILLWAY_CLOCK_FILE'];

function told(): number {
  if (file === undefined) return Number(process.env['SPILLWAY_CLOCK_OFFSET_MS'] ?? 0);
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return 0;
  }
}

let offsetMs = told();
if (file !== undefined) setInterval(() => (offsetMs = told()), EVERY_MS).unref();

const right = Date.now.bind(Date);
const wrong = (): number => right() + offsetMs;

globalThis.Date = new Proxy(Date, {
  construct: (target, args: [], newTarget) =>
    Reflect.construct(target, args.length === 0 ? [wrong()] : args, newTarget) as object,
  get: (target, key, receiver) => (key === 'now' ? wrong : (Reflect.get(target, key, receiver) as unknown)),
});
