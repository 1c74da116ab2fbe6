import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Layout } from './layout.js';
import { commandLine } from './port-holder.js';

/**
 * One launcher at a time may change a stack.
 * @returns the release. @throws Error naming the other launcher.
 */
export function lock(layout: Layout): () => void {
  const holder = lockHolder(layout);
  if (holder !== null)
    throw new Error(
      `Another launcher (pid ${holder}) is changing this stack; nothing was done. Wait for it, or run npm stop.`,
    );
  writeFileSync(layout.path('run', 'launcher.pid'), String(process.pid));
  return () => rmSync(layout.path('run', 'launcher.pid'), { force: true });
}

/** Pid of the launcher that is changing the stack now, or null. */
export function lockHolder(layout: Layout): number | null {
  try {
    const pid = Number(readFileSync(layout.path('run', 'launcher.pid'), 'utf8'));
    return pid !== process.pid && commandLine(pid).includes('deploy/local/dist/main.js') ? pid : null;
  } catch {
    return null;
  }
}
