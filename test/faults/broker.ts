import { connect, type ChannelModel, type ConfirmChannel } from 'amqplib';
import { eventually, type Stack } from '@spillway/testing';

export interface Binding {
  readonly source: string;
  readonly destination: string;
  readonly routing_key: string;
}

/** The broker as its administrator sees it. */
export class Broker {
  constructor(private readonly stack: Stack) {}

  /** Lends a confirm channel to `fn`. */
  async with<T>(fn: (channel: ConfirmChannel) => Promise<T>): Promise<T> {
    const model: ChannelModel = await connect(this.stack.urlOf('rabbitmq'), { timeout: 5_000 });
    model.on('error', () => undefined);
    try {
      const channel = await model.createConfirmChannel();
      channel.on('error', () => undefined);
      return await fn(channel);
    } finally {
      await model.close().catch(() => undefined);
    }
  }

  /** Waits until the broker takes connections. */
  async up(deadlineMs = 60_000): Promise<void> {
    await eventually('the broker takes connections', () => this.with(() => Promise.resolve(true)), {
      deadlineMs,
    });
  }

  /** Names of the queues that hold posts. */
  async queues(): Promise<readonly string[]> {
    const queues = await this.management<{ name: string }[]>('/api/queues/%2F');
    return queues.map((q) => q.name).filter((name) => name.startsWith('posts.'));
  }

  async bindingsOf(exchange: string): Promise<readonly Binding[]> {
    return this.management<Binding[]>(`/api/exchanges/%2F/${exchange}/bindings/source`);
  }

  /** Messages that wait or are delivered and not yet acked, over all queues. The broker counts every 5 s. */
  async messages(): Promise<number> {
    const queues = await this.management<{ name: string; messages?: number }[]>('/api/queues/%2F');
    return queues.filter((q) => q.name.startsWith('posts.')).reduce((n, q) => n + (q.messages ?? 0), 0);
  }

  /** Messages that wait for a consumer at this moment. */
  async ready(): Promise<number> {
    const names = await this.queues();
    return this.with(async (channel) => {
      let ready = 0;
      for (const name of names) ready += (await channel.checkQueue(name)).messageCount;
      return ready;
    });
  }

  private async management<T>(path: string): Promise<T> {
    const { adminUrl } = this.stack.one('rabbitmq');
    const base = new URL(adminUrl ?? '');
    const authorization = `Basic ${Buffer.from(`${decodeURIComponent(base.username)}:${decodeURIComponent(base.password)}`).toString('base64')}`;
    const answer = await fetch(new URL(path, base.origin), {
      headers: { authorization },
      signal: AbortSignal.timeout(5_000),
    });
    if (!answer.ok) throw new Error(`the management API answered ${answer.status} for ${path}`);
    return (await answer.json()) as T;
  }
}
