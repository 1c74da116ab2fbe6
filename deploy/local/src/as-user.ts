import { chownSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

/**
 * How far a process stands back (nice(1)) on a machine that all share. Who answers clients does not wait behind who
 * commits what they sent, and nobody behind who only watches.
 */
export const STANDS_BACK = { toCommit: 5, toWatch: 10 } as const;

/**
 * Runs a command so that it dies with its supervisor. With `user`, and only when we are root, it also
 * changes to that user, keeping the one capability that lets it pass folders that only we may enter.
 */
export function launched(
  argv: readonly string[],
  options: { user?: string; deathSignal?: string; niceness?: number } = {},
): string[] {
  const death = ['--pdeathsig', options.deathSignal ?? 'TERM'];
  const nice = options.niceness ? ['nice', '-n', String(options.niceness)] : [];
  return ['setpriv', ...death, ...(options.user ? asUser(options.user) : []), '--', ...nice, ...argv];
}

/** The same for a process that only watches. */
export const watching = (argv: readonly string[]): string[] =>
  launched(argv, { niceness: STANDS_BACK.toWatch });

/** Arguments of setpriv that change the user; none when we are not root. */
const asUser = (user: string): string[] =>
  process.getuid?.() === 0
    ? [
        '--reuid',
        user,
        '--regid',
        user,
        '--clear-groups',
        '--inh-caps',
        '+dac_override',
        '--ambient-caps',
        '+dac_override',
      ]
    : [];

/** Writes a file that only this user reads. */
export function writeOwned(user: string, file: string, text: string): void {
  rmSync(file, { force: true });
  writeFileSync(file, text, { mode: 0o600 });
  giveTo(user, file);
}

/** Makes a folder of this user, empty. */
export function emptyFolder(user: string, dir: string): void {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  giveTo(user, dir);
}

/** @throws Error when there is no such user. */
function giveTo(user: string, path: string): void {
  if (process.getuid?.() !== 0) return;
  const entry = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((line) => line.startsWith(`${user}:`));
  if (!entry) throw new Error(`The system user ${user} does not exist: its package is not installed.`);
  const [, , uid, gid] = entry.split(':');
  chownSync(path, Number(uid), Number(gid));
}
