import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually, notYet, type Stack, type StackProcess } from '@spillway/testing';

const run = promisify(execFile);

/** Breaks processes of the stack and waits until they are whole again. */
export class Components {
  constructor(private readonly stack: Stack) {}

  /** @returns the process as it was when the signal was sent. */
  signal(name: string, signal: NodeJS.Signals): StackProcess {
    const found = this.stack.one(name);
    // 0 means that it is down at the moment, and to kill(2) our own process group.
    if (found.pid <= 1) throw new Error(`${name} does not run, so it cannot get ${signal}`);
    process.kill(found.pid, signal);
    return found;
  }

  runs(name: string): boolean {
    return alive(this.stack.one(name).pid);
  }

  /** Waits until the supervisor has started the process again under another pid. */
  async restarted(before: StackProcess, deadlineMs = 30_000): Promise<StackProcess> {
    return eventually(
      `${before.name} is started again`,
      () => {
        const now = this.stack.one(before.name);
        return now.pid !== before.pid && alive(now.pid) ? now : notYet({ pid: now.pid });
      },
      { deadlineMs },
    );
  }

  /** Waits until an app answers that it is ready. */
  async ready(name: string, deadlineMs = 60_000): Promise<void> {
    await eventually(
      `${name} is ready`,
      async () => {
        const answer = await fetch(`${this.stack.one(name).adminUrl ?? ''}/health/ready`, {
          signal: AbortSignal.timeout(2_000),
        });
        const body = await answer.text();
        return answer.status === 200 || notYet(body.slice(0, 300));
      },
      { deadlineMs, everyMs: 100 },
    );
  }

  async allReady(deadlineMs = 60_000): Promise<void> {
    const apps = this.stack.processes().filter((p) => p.adminUrl !== undefined && isApp(p));
    await Promise.all(apps.map((p) => this.ready(p.name, deadlineMs)));
  }

  /** Kills an app and waits until it is back and ready. */
  async bounce(name: string, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.restarted(this.signal(name, signal));
    await this.ready(name);
  }

  async gone(before: StackProcess, deadlineMs: number): Promise<void> {
    await eventually(`${before.name} (pid ${before.pid}) ends`, () => !alive(before.pid), {
      deadlineMs,
      everyMs: 20,
    });
  }

  /** Keeps a process down, or starts it again: what a supervisor alone can do. */
  async supervisor(action: 'stop' | 'start', name: string): Promise<void> {
    const config = readFileSync(join(this.stack.dir, 'config', 'supervisord.conf'), 'utf8');
    const socket = /^\[unix_http_server\]\nfile=(.+)$/m.exec(config)?.[1];
    if (socket === undefined) throw new Error('supervisord.conf of the stack names no socket');
    await run('supervisorctl', ['-s', `unix://${socket}`, action, name]);
  }

  /** Resident memory of each app, in MiB. */
  memory(): ReadonlyMap<string, number> {
    const sizes = new Map<string, number>();
    for (const { name, pid } of this.stack.processes().filter(isApp)) {
      const size = residentMiB(pid);
      if (size !== null) sizes.set(name, size);
    }
    return sizes;
  }
}

const isApp = ({ role }: StackProcess): boolean =>
  role === 'gateway' || role === 'writer' || role === 'reader';

export function alive(pid: number): boolean {
  if (pid <= 1) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function residentMiB(pid: number): number | null {
  try {
    const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kib === undefined ? null : Number(kib) / 1024;
  } catch {
    return null;
  }
}
