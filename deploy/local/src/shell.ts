import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

export interface RunOptions {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  /** Everything the command prints goes here instead of into the result. */
  readonly logFile?: string;
  readonly stdin?: string;
  readonly deadlineMs?: number;
  /** Ends the command when it is aborted. */
  readonly signal?: AbortSignal;
}

/** Progress for people, on stderr: stdout belongs to results. */
export const say = (text: string): void => void process.stderr.write(`${text}\n`);

/**
 * Runs a command to its end and returns what it wrote to stdout.
 * @throws Error with the last lines of its output when it fails or passes the deadline (default 120 s).
 */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const [command = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    const log = options.logFile === undefined ? undefined : openSync(options.logFile, 'a', 0o600);
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['pipe', log ?? 'pipe', log ?? 'pipe'],
      timeout: options.deadlineMs ?? 120_000,
      killSignal: 'SIGKILL',
      ...(options.signal ? { signal: options.signal } : {}),
      detached: true,
    });
    if (log !== undefined) closeSync(log);
    const stdout: Buffer[] = [];
    const all: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => void (stdout.push(chunk), all.push(chunk)));
    child.stderr?.on('data', (chunk: Buffer) => void all.push(chunk));
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.stdin ?? '');
    child.once('error', ({ message }) => {
      reject(new Error(options.signal?.aborted ? 'Interrupted' : `${command} could not be run: ${message}`));
    });
    child.once('close', (code, signal) => {
      if (code === 0) return resolve(Buffer.concat(stdout).toString());
      const tail = Buffer.concat(all).toString().trim().split('\n').slice(-15).join('\n  ');
      const how = signal ? `was ended by ${signal}` : `failed with exit code ${code}`;
      const where = options.logFile ? ` Its output is in ${options.logFile}` : tail ? `\n  ${tail}` : '';
      reject(new Error(`${command} ${how}.${where}`));
    });
  });
}
