/** What logs, as far as anything of ours asks. */
export interface QuietLogger {
  debug(): void;
  info(): void;
  warn(): void;
  error(): void;
  child(): QuietLogger;
}

const nothing = (): void => undefined;

/** A logger that writes nothing; spread it to listen to one level. */
export const quietLogger: QuietLogger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => quietLogger,
};
