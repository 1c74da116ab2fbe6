import { connect } from 'node:net';

const PROBE_TIMEOUT_MS = 2_000;

/** @throws Error while nobody accepts a connection on this port of the loopback. */
export function tcpAccepts(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: PROBE_TIMEOUT_MS });
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    socket.once('error', fail);
    socket.once('timeout', () => fail(new Error(`port ${port} does not answer`)));
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}

/** @throws Error with status and the beginning of the body unless the answer is 2xx. */
export async function httpAnswers(url: string, headers: Record<string, string> = {}): Promise<void> {
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
  const body = await response.text();
  if (!response.ok)
    throw new Error(`${new URL(url).pathname} answered ${response.status}: ${body.slice(0, 300)}`);
}

/** `ok`, or what is wrong in a few words, for `status`. */
export async function health(probe: () => Promise<void>): Promise<string> {
  try {
    await probe();
    return 'ok';
  } catch (error) {
    return error instanceof Error ? (error.message || error.name).slice(0, 60) : 'failed';
  }
}
