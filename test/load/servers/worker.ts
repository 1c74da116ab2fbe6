import { fork } from 'node:child_process';
import { join } from 'node:path';

/** A process of the benchmark's own that answers messages with `{ result }` or `{ error }`, one at a time. */
export interface Worker {
  readonly pid: number;
  ask<T>(message: object): Promise<T>;
  stop(): void;
}

interface Reply {
  readonly result?: unknown;
  readonly error?: string;
}

/** @param script path below `test/load`, compiled. @param execArgv switches of Node. */
export function startWorker(script: string, execArgv: readonly string[] = []): Worker {
  const child = fork(join(import.meta.dirname, '..', script), {
    execArgv: [...execArgv],
    serialization: 'advanced',
  });
  return {
    pid: child.pid ?? 0,
    ask: <T>(message: object) =>
      new Promise<T>((resolve, reject) => {
        const settle = (act: () => void): void => {
          child.off('message', hear).off('exit', ended);
          act();
        };
        const hear = ({ result, error }: Reply): void => {
          settle(() => {
            if (error === undefined) resolve(result as T);
            else reject(new Error(`${script}: ${error}`));
          });
        };
        const ended = (code: number | null): void => {
          settle(() => {
            reject(new Error(`${script} ended with ${code}`));
          });
        };
        child.on('message', hear).on('exit', ended);
        child.send(message);
      }),
    stop: () => {
      if (child.connected) child.disconnect();
    },
  };
}
