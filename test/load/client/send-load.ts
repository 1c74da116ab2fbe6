import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from './connection.js';
import type { LoadOrder, LoadResult } from './order.js';
import { onSchedule } from './schedule.js';
import { Tally } from './tally.js';

/** How long the last answers are waited for. */
const TAIL_MS = 5_000;
/** After this a request that found no connection is given up, as a client would. */
const GIVE_UP_MS = 5_000;
const COMPACT_AT = 10_000;

/** Carries out an order. */
export async function sendLoad(order: LoadOrder): Promise<LoadResult> {
  const { hostname, port } = new URL(order.url);
  const connections = Array.from(
    { length: order.connections },
    () => new Connection(hostname, Number(port || 80)),
  );
  try {
    return await new Run(order, connections).run();
  } finally {
    for (const connection of connections) connection.close();
  }
}

class Run {
  private readonly requests: readonly Buffer[];
  private readonly tally = new Tally();
  private readonly free: Connection[];
  private readonly startedAt = performance.now();
  private readonly endsAt: number;
  /** Due times of requests that wait for a connection; `taken` of them have got one. */
  private readonly waiting: number[] = [];
  private taken = 0;
  private due = 0;
  private open = 0;
  private givenUp = 0;

  constructor(
    private readonly order: LoadOrder,
    connections: readonly Connection[],
  ) {
    this.requests = prepare(order);
    this.free = [...connections];
    this.endsAt = this.startedAt + order.durationMs;
  }

  async run(): Promise<LoadResult> {
    if (this.order.rate === null) {
      for (const connection of this.free.splice(0)) this.launch(connection, performance.now());
      await delay(this.order.durationMs);
    } else {
      const { startedAt, endsAt, order } = this;
      await onSchedule({ startedAt, endsAt, rate: order.rate ?? 0 }, (dueAt) => {
        this.offer(dueAt);
      });
    }
    const unsent = this.givenUp + this.waiting.length - this.taken;
    this.taken = this.waiting.length;
    const elapsedMs = performance.now() - this.startedAt;
    const tailEnds = performance.now() + TAIL_MS;
    while (this.open > 0 && performance.now() < tailEnds) await delay(5);
    return this.tally.result({ elapsedMs, due: this.due + unsent, unsent }, this.open);
  }

  private offer(dueAt: number): void {
    const connection = this.free.pop();
    if (connection) this.launch(connection, dueAt);
    else this.waiting.push(dueAt);
  }

  private launch(connection: Connection, dueAt: number): void {
    const request = this.requests[this.due++ % this.requests.length];
    if (!request) return;
    const sentAt = performance.now();
    this.open++;
    connection.send(request, (status) => {
      const now = performance.now();
      this.open--;
      this.tally.add(status, dueAt, sentAt, now, now <= this.endsAt);
      this.next(connection, now);
    });
  }

  private next(connection: Connection, now: number): void {
    if (now >= this.endsAt) return;
    if (this.order.rate === null) {
      this.launch(connection, now);
      return;
    }
    const dueAt = this.takeWaiting(now);
    if (dueAt === undefined) this.free.push(connection);
    else this.launch(connection, dueAt);
  }

  private takeWaiting(now: number): number | undefined {
    if (this.taken > COMPACT_AT) {
      this.waiting.splice(0, this.taken);
      this.taken = 0;
    }
    for (;;) {
      const dueAt = this.waiting[this.taken];
      if (dueAt === undefined) return undefined;
      this.taken++;
      if (now - dueAt < GIVE_UP_MS) return dueAt;
      this.givenUp++;
    }
  }
}

function prepare(order: LoadOrder): readonly Buffer[] {
  const { url, path, method = 'POST', headers = {}, tokens, bodies } = order;
  const more = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const { host } = new URL(url);
  return tokens.map((token, n) => {
    const body = Buffer.from(bodies[n % bodies.length] ?? '');
    const content =
      method === 'POST' ? ['content-type: application/json', `content-length: ${body.length}`] : [];
    const head = [
      `${method} ${path} HTTP/1.1`,
      ...[`host: ${host}`, `authorization: Bearer ${token}`, ...more, ...content],
      '\r\n',
    ];
    return Buffer.concat([Buffer.from(head.join('\r\n')), body]);
  });
}
