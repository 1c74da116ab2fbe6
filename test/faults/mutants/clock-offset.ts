/** Preload for a process whose clock is off by SPILLWAY_CLOCK_OFFSET_MS, from its first line on. */
const offsetMs = Number(process.env['SPILLWAY_CLOCK_OFFSET_MS'] ?? 0);
const right = Date.now.bind(Date);
const wrong = (): number => right() + offsetMs;

globalThis.Date = new Proxy(Date, {
  construct: (target, args: [], newTarget) =>
    Reflect.construct(target, args.length === 0 ? [wrong()] : args, newTarget) as object,
  get: (target, key, receiver) => (key === 'now' ? wrong : (Reflect.get(target, key, receiver) as unknown)),
});
