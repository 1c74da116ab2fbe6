import type { IncomingMessage, ServerResponse } from 'node:http';

/** What the preload started, for the apps to scrape and to stop. Empty when the SDK is off. */
export interface RunningSdk {
  scrape(request: IncomingMessage, response: ServerResponse): void;
  shutdown(): Promise<void>;
}

let running: RunningSdk | undefined;

export const runningSdk = (): RunningSdk | undefined => running;

export function setRunningSdk(sdk: RunningSdk | undefined): void {
  running = sdk;
}
