const ENDS = Symbol('ends');

/** What a response, or anything that closes, can do. */
interface Ends {
  once(event: 'close', listener: () => void): unknown;
}

interface Ending {
  [ENDS]?: (() => void)[];
}

/**
 * Calls back once when the response is over, sent or not. However many ask, the response has one listener:
 * adding one to an emitter costs a microsecond, and every request has several who ask.
 */
export function onEnd(response: Ends, callback: () => void): void {
  const { [ENDS]: ends } = response as Ending;
  if (ends) {
    ends.push(callback);
    return;
  }
  const callbacks = [callback];
  (response as Ending)[ENDS] = callbacks;
  response.once('close', () => {
    for (const each of callbacks) each();
  });
}
