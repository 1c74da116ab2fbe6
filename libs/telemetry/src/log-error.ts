const CREDENTIALS = /\/\/[^\s/@]*@/g;
const DEPTH_MAX = 4;

/** What is logged of an error. */
export interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: LoggedError;
}

/**
 * Type, message, code, stack and causes of an error, and nothing else of it: drivers hang statements and
 * parameters on theirs. Credentials in addresses are masked.
 */
export function logError(error: unknown, depth = 0): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: mask(String(error)) };
  const code: unknown = 'code' in error ? error.code : undefined;
  return {
    type: error.name,
    message: mask(error.message),
    ...(typeof code === 'string' ? { code } : {}),
    ...(error.stack === undefined ? {} : { stack: mask(error.stack) }),
    ...(error.cause !== undefined && depth < DEPTH_MAX ? { cause: logError(error.cause, depth + 1) } : {}),
  };
}

/** The words of an error in one line, without its stack. Credentials in addresses are masked. */
export const reasonOf = (error: unknown): string => logError(error, DEPTH_MAX).message;

const mask = (text: string): string => text.replace(CREDENTIALS, '//***@');
