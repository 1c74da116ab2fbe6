import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually, notYet, type Stack, type StackProcess, type StackRole } from '@spillway/testing';

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

  /** The same for all of a role, together. */
  async bounceAll(role: StackRole): Promise<void> {
    await Promise.all(this.stack.ofRole(role).map(({ name }) => this.bounce(name)));
  }

  async gone(before: StackProcess, deadlineMs: number): Promise<void> {
    await eventually(`${before.name} (pid ${before.pid}) ends`, () => !alive(before.pid), {
      deadlineMs,
      everyMs: 20,
    });
  }

  /** Stops a process and all it has started where they stand. @returns a function that lets them go on. */
  freeze(name: string): () => void {
    const { pid } = this.signal(name, 'SIGSTOP');
    // Its children cannot become more now.
    const pids = [pid, ...descendantsOf(pid)];
    for (const child of pids) send(child, 'SIGSTOP');
    return () => {
      for (const child of pids.toReversed()) send(child, 'SIGCONT');
    };
  }

  /** Sum of a metric over its labels, of one app. @throws Error when the app does not answer. */
  async metric(name: string, metric: string): Promise<number> {
    const answer = await fetch(`${this.stack.one(name).adminUrl ?? ''}/metrics`, {
      signal: AbortSignal.timeout(5_000),
    });
    const lines = (await answer.text()).split('\n');
    return lines
      .filter((line) => line.startsWith(`${metric} `) || line.startsWith(`${metric}{`))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  }

  /** What a process has logged so far, from the newest file. */
  log(name: string): string {
    return readFileSync(join(this.stack.dir, 'log', `${name}.log`), 'utf8');
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

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}

/** Everything a process has started, and what that has started. */
function descendantsOf(pid: number): number[] {
  const children = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && parentOf(entry) === pid)
    .map(Number);
  return children.flatMap((child) => [child, ...descendantsOf(child)]);
}

function parentOf(pid: string): number {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return 0;
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
