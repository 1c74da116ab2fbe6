import type { IncomingMessage, ServerResponse } from 'node:http';

/** What the preload started, for the apps to scrape and to stop. Empty when the SDK is off. */
export interface RunningSdk {
  /** Part of all traces that is kept, 0 to 1. */
  readonly ratio: number;
  scrape(request: IncomingMessage, response: ServerResponse): void;
  shutdown(): Promise<void>;
}

let running: RunningSdk | undefined;

export const runningSdk = (): RunningSdk | undefined => running;

export function setRunningSdk(sdk: RunningSdk | undefined): void {
  running = sdk;
}
