import { spawn } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Small packages of Debian 12 with long changelogs: 5 000 entries in 9 MB. */
export const LONG_CHANGELOGS: readonly string[] = (
  'apt-listchanges aptitude-doc-en base-files base-passwd bash-completion bind9-host binutils-common console-data cron ' +
  'cups-common dash debian-goodies debian-reference-common debianutils debootstrap dh-python discover-data dpkg-dev ' +
  'eject exim4-config fakeroot file gcc-12-base hostname ispell kde-standard libc-bin localepurge lsof make mawk menu ' +
  'mime-support module-assistant os-prober pbuilder pciutils po-debconf postgresql-common python3-minimal rcs reportbug ' +
  'ruby samba-common sgml-base sysv-rc sysvinit-utils tasksel telnet time tzdata vim-common wamerican whois x11-common ' +
  'xdg-utils xfwm4 xorg'
).split(' ');

const LAUNCHER = fileURLToPath(new URL('../../../../deploy/local/bootstrap.mjs', import.meta.url));

/** Installs packages as `npm start` does, saying so. @throws Error when that does not succeed. */
export const installPackages = (names: readonly string[]): Promise<void> =>
  run(process.execPath, [LAUNCHER, 'packages', ...names], { cwd: process.cwd() });

/**
 * Downloads packages and unpacks them below `folder`/root, installing nothing.
 * @returns the folder that holds what would lie below `/`.
 * @throws Error with apt's words when one cannot be had.
 */
export async function unpackPackages(names: readonly string[], folder: string): Promise<string> {
  const downloads = join(folder, 'downloads');
  const root = join(folder, 'root');
  await mkdir(downloads, { recursive: true });
  await mkdir(root, { recursive: true });
  await run('apt-get', ['download', '-q', ...names], { cwd: downloads });
  for (const file of (await readdir(downloads)).sort()) {
    await run('dpkg-deb', ['-x', join(downloads, file), root], { cwd: downloads });
  }
  return root;
}

const LAST_WORDS = 400;

/** Runs a program to its end; its output goes to stderr only as part of an error. */
function run(program: string, args: readonly string[], { cwd }: { readonly cwd: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let words = '';
    const listen = (chunk: Buffer): void => {
      words = (words + chunk.toString()).slice(-LAST_WORDS);
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else
        reject(new Error(`${program} ${args.slice(0, 3).join(' ')} … ended with ${code}: ${words.trim()}`));
    });
  });
}
