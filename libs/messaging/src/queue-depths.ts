/** Messages of a queue as the management API counts them, every 5 s by default. */
export interface QueueDepth {
  readonly ready: number;
  /** Handed to a consumer and not acknowledged. */
  readonly unacked: number;
}

interface ManagedQueue {
  readonly name: string;
  readonly messages_ready?: number;
  readonly messages_unacknowledged?: number;
}

const TIMEOUT_MS = 2_000;

/** Asks the broker's management API, with a user that may only look. */
export class QueueDepths {
  private readonly endpoint: URL;
  private readonly authorization: string;

  constructor(managementUrl: string) {
    const base = new URL(managementUrl);
    this.authorization = `Basic ${Buffer.from(`${decodeURIComponent(base.username)}:${decodeURIComponent(base.password)}`).toString('base64')}`;
    base.username = '';
    base.password = '';
    this.endpoint = new URL('/api/queues/%2F?columns=name,messages_ready,messages_unacknowledged', base);
  }

  /**
   * The depth of each of these queues.
   * @throws Error when the API does not answer in 2 s, or does not know one of them yet.
   */
  async read(names: readonly string[]): Promise<ReadonlyMap<string, QueueDepth>> {
    const response = await fetch(this.endpoint, {
      headers: { authorization: this.authorization },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) throw new Error(`the management API of the broker answered ${response.status}`);
    const queues = new Map(((await response.json()) as ManagedQueue[]).map((queue) => [queue.name, queue]));
    return new Map(
      names.map((name) => {
        const { messages_ready: ready, messages_unacknowledged: unacked } = queues.get(name) ?? {};
        if (ready === undefined || unacked === undefined)
          throw new Error(`the management API of the broker tells nothing of the queue ${name} now`);
        return [name, { ready, unacked }];
      }),
    );
  }
}
