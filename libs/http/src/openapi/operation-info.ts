import type { Type } from '@nestjs/common';
import type { ErrorCode } from '@spillway/contracts';
import type { AnswerName, SchemaData } from '@spillway/contracts/schemas';
import type { RequestHeader, ResponseHeader } from './headers.js';

/** One success of an operation. */
export interface AnswerInfo {
  readonly description: string;
  /** A schema of contracts, or one given here; left out when there is no body. */
  readonly schema?: AnswerName | SchemaData;
  readonly mediaType?: string;
  readonly headers?: readonly ResponseHeader[];
}

/** A body that the handler reads itself as a list. */
export interface ListBodyInfo {
  readonly item: Type<object>;
  readonly maxItems: number;
}

/** What cannot be read from the decorators of a handler. */
export interface OperationInfo {
  readonly summary: string;
  readonly description?: string;
  readonly tag: 'posts' | 'jobs' | 'health' | 'documents' | 'operations';
  /** Parts of the address by name. */
  readonly params?: Readonly<Record<string, SchemaData>>;
  readonly headers?: readonly RequestHeader[];
  readonly listBody?: ListBodyInfo;
  /** Successes by status. */
  readonly answers: Readonly<Record<number, AnswerInfo>>;
  /** Errors beyond those that follow from the token, the body, the query and the address. */
  readonly errors?: readonly ErrorCode[];
}

/** A controller with what is to be said of each of its handlers. */
export interface ControllerDescription {
  readonly controller: Type<object>;
  readonly operations: Readonly<Record<string, OperationInfo>>;
}

/** The public methods of a controller. */
type Handlers<C> = { [K in keyof C]: C[K] extends (...args: never[]) => unknown ? K : never }[keyof C];

/** A public method without its description does not compile. */
export const describeController = <C extends object>(
  controller: new (...args: never[]) => C,
  operations: Readonly<Record<Handlers<C> & string, OperationInfo>>,
): ControllerDescription => ({ controller: controller as Type<C>, operations });
