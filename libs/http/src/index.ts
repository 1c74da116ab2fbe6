export { bodyItems, type BodyItems } from './body-items.js';
export { BulkBody, type BulkLimits } from './bulk-body.js';
export { checkedBody } from './checked-body.js';
export { httpConfig, processConfig } from './config.js';
export { createHttpApp, type HttpAppOptions } from './create-http-app.js';
export { HeldRequests, type Held, type HeldRequestsOptions, type HoldRefusal } from './held-requests.js';
export { installStop, type StopOptions } from './install-stop.js';
export { listen } from './listen.js';
export { nestLogger } from './nest-logger.js';
export { preferredWait } from './prefer-wait.js';
export { ProblemError, type ProblemOptions } from './problem-error.js';
export { answerAtOnce } from './problem-response.js';
export { ProblemFilter } from './problem-filter.js';
export type { ReadyAnswer, Shortcut } from './ready-answer.js';
export {
  IntegerText,
  IsUuidText,
  IsUuidV7Text,
  MayBeAbsent,
  Storable,
  TextForm,
  TextLength,
} from './text-rules.js';
export { validationPipe } from './validation-pipe.js';
export type { WireError } from './wire-error.js';
