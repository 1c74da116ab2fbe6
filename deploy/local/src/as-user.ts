import { readFileSync } from 'node:fs';

/**
 * Runs a command so that it dies with its supervisor. With `user`, and only when we are root, it also
 * changes to that user, keeping the one capability that lets it pass folders that only we may enter.
 */
export function launched(
  argv: readonly string[],
  options: { user?: string; deathSignal?: string } = {},
): string[] {
  const death = ['--pdeathsig', options.deathSignal ?? 'TERM'];
  return ['setpriv', ...death, ...(options.user ? asUser(options.user) : []), '--', ...argv];
}

/** Arguments of setpriv that change the user; none when we are not root. */
export const asUser = (user: string): string[] =>
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

/** uid and gid by /etc/passwd. @throws Error when there is no such user. */
export function userIds(user: string): { uid: number; gid: number } {
  const fields = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find(([name]) => name === user);
  if (!fields) throw new Error(`The system user ${user} does not exist: its package is not installed.`);
  return { uid: Number(fields[2]), gid: Number(fields[3]) };
}
