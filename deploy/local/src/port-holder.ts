import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const LISTEN = '0A';

/** Says which process listens on a TCP port, as far as /proc lets us see: `nginx: master … (pid 12)`. */
export function portHolder(port: number): string {
  const sockets = new Set(['tcp', 'tcp6'].flatMap((table) => listeningInodes(table, port)));
  for (const pid of sockets.size > 0 ? processIds() : []) {
    if (holdsAny(pid, sockets)) return `${commandLine(pid)} (pid ${pid})`;
  }
  return sockets.size > 0
    ? 'a process of another user'
    : 'nobody this launcher can see (perhaps a closing connection)';
}

export const processIds = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

/** The command line of a process, at most 120 characters; empty when it is gone. */
export function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim().slice(0, 120);
  } catch {
    return '';
  }
}

function listeningInodes(table: string, port: number): string[] {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  try {
    return readFileSync(`/proc/net/${table}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((f) => f[3] === LISTEN && f[1]?.endsWith(`:${hexPort}`))
      .map((f) => f[9] ?? '');
  } catch {
    return [];
  }
}

function holdsAny(pid: number, inodes: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        const target = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
        return target !== undefined && inodes.has(target);
      } catch {
        return false;
      }
    });
  } catch {
    return false;
  }
}
