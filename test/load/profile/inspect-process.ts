import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, type Stack } from '@spillway/testing';
import type { CpuProfile } from './summary.js';

const SAMPLE_MICROS = 500;

interface Reply {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** Takes profiles of a running Node process through its inspector, which SIGUSR1 opens. */
export class InspectedProcess {
  private count = 0;

  private constructor(private readonly socket: WebSocket) {}

  /** The process must run with `--inspect-port=0`, so that any port does. @throws Error when it does not open. */
  static async open(stack: Stack, name: string): Promise<InspectedProcess> {
    const { pid } = stack.one(name);
    const log = join(stack.dir, 'log', `${name}.log`);
    process.kill(pid, 'SIGUSR1');
    const url = await eventually(`${name} opens its inspector`, () => {
      const all = [...readFileSync(log, 'utf8').matchAll(/Debugger listening on (ws:\/\/\S+)/g)];
      return all.at(-1)?.[1];
    });
    const socket = new WebSocket(url);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => {
        resolve();
      });
      socket.addEventListener('error', () => {
        reject(new Error(`the inspector of ${name} does not answer`));
      });
    });
    return new InspectedProcess(socket);
  }

  async start(): Promise<void> {
    await this.ask('Profiler.enable', {});
    await this.ask('Profiler.setSamplingInterval', { interval: SAMPLE_MICROS });
    await this.ask('Profiler.start', {});
  }

  async stop(): Promise<CpuProfile> {
    const { profile } = (await this.ask('Profiler.stop', {})) as { readonly profile: CpuProfile };
    return profile;
  }

  close(): void {
    this.socket.close();
  }

  private ask(method: string, params: object): Promise<unknown> {
    const id = ++this.count;
    return new Promise((resolve, reject) => {
      const hear = ({ data }: MessageEvent): void => {
        const reply = JSON.parse(String(data)) as Reply;
        if (reply.id !== id) return;
        this.socket.removeEventListener('message', hear);
        if (reply.error) reject(new Error(`${method}: ${reply.error.message}`));
        else resolve(reply.result);
      };
      this.socket.addEventListener('message', hear);
      this.socket.send(JSON.stringify({ id, method, params }));
    });
  }
}
