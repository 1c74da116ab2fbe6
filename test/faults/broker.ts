import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connect, type ChannelModel, type ConfirmChannel } from 'amqplib';
import { eventually, type Stack } from '@spillway/testing';

export interface Binding {
  readonly source: string;
  readonly destination: string;
  readonly routing_key: string;
}

const run = promisify(execFile);
const CONTROL = '/usr/lib/rabbitmq/bin/rabbitmqctl';

/** What raises a resource alarm and ends it, for `control`. The ends are what `rabbitmq.conf` says. */
export const ALARMS = {
  memory: {
    raise: ['set_vm_memory_high_watermark', '0.00001'],
    clear: ['set_vm_memory_high_watermark', 'absolute', '1GB'],
  },
  disk: { raise: ['set_disk_free_limit', '10000GB'], clear: ['set_disk_free_limit', '512MB'] },
} as const;

/** What the management API tells of a connection. */
export interface BrokerConnection {
  readonly name: string;
  readonly user: string;
  readonly connected_at: number;
  readonly client_properties?: { readonly connection_name?: string };
}

/** What the management API tells of a queue. Counted every 5 s. */
export interface BrokerQueue {
  readonly name: string;
  readonly messages?: number;
  readonly consumers?: number;
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
    return (await this.counts()).map((q) => q.name);
  }

  /** The queues that hold posts, with what they hold. */
  async counts(): Promise<readonly BrokerQueue[]> {
    const queues = await this.management<BrokerQueue[]>('/api/queues/%2F');
    return queues.filter(({ name }) => name.startsWith('posts.'));
  }

  async bindingsOf(exchange: string): Promise<readonly Binding[]> {
    return this.management<Binding[]>(`/api/exchanges/%2F/${exchange}/bindings/source`);
  }

  /** Messages that wait or are delivered and not yet acked, over all queues. The broker counts every 5 s. */
  async messages(): Promise<number> {
    return (await this.counts()).reduce((n, q) => n + (q.messages ?? 0), 0);
  }

  connections(): Promise<readonly BrokerConnection[]> {
    return this.management('/api/connections');
  }

  /** Sets a policy that stands above those the stack came with. */
  async setPolicy(
    name: string,
    pattern: string,
    definition: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    await this.management(`/api/policies/%2F/${name}`, 'PUT', {
      ...{ pattern, definition, priority: 10 },
      'apply-to': 'queues',
    });
  }

  async dropPolicy(name: string): Promise<void> {
    await this.management(`/api/policies/%2F/${name}`, 'DELETE').catch((error: unknown) => {
      if (!String(error).includes(' 404 ')) throw error;
    });
  }

  /** Runs rabbitmqctl against the broker of the stack. @returns what it printed. */
  async control(...args: readonly string[]): Promise<string> {
    const program = readFileSync(join(this.stack.dir, 'config', 'programs', 'rabbitmq.conf'), 'utf8');
    const line = /^environment=(.*)$/m.exec(program)?.[1] ?? '';
    const env: Record<string, string> = { PATH: process.env['PATH'] ?? '' };
    for (const [, key = '', value = ''] of line.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g))
      env[key] = value.replaceAll(/\\(.)/g, '$1').replaceAll('%%', '%');
    // For the broker alone: a second VM must not take its port of the Erlang distribution.
    delete env['RABBITMQ_DIST_PORT'];
    delete env['RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS'];
    const { stdout } = await run(CONTROL, ['--quiet', ...args], { env, cwd: '/', timeout: 60_000 });
    return stdout;
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

  private async management<T>(path: string, method = 'GET', body?: object): Promise<T> {
    const { adminUrl } = this.stack.one('rabbitmq');
    const base = new URL(adminUrl ?? '');
    const authorization = `Basic ${Buffer.from(`${decodeURIComponent(base.username)}:${decodeURIComponent(base.password)}`).toString('base64')}`;
    const answer = await fetch(new URL(path, base.origin), {
      method,
      headers: { authorization, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(10_000),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`the management API answered ${answer.status} for ${path}`);
    return (text === '' ? null : JSON.parse(text)) as T;
  }
}
