import type { INestApplicationContext, Type } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { ModulesContainer } from '@nestjs/core';
import { ClassCheck } from './schema/class-check.js';

/** Where a class stands among the parameters of a handler. */
export type ArgumentPlace = 'body' | 'query' | 'param';

export interface CheckedArgument {
  readonly place: ArgumentPlace;
  readonly metatype: Type<object>;
}

/** A class of routes. */
interface Controller {
  readonly prototype: object;
}

const PLACES: ReadonlyMap<RouteParamtypes, ArgumentPlace> = new Map([
  [RouteParamtypes.BODY, 'body'],
  [RouteParamtypes.QUERY, 'query'],
  [RouteParamtypes.PARAM, 'param'],
]);
const PLAIN_TYPES: readonly unknown[] = [String, Boolean, Number, Array, Object];

/**
 * Compiles the rules of every body, query and address of an application, so that it does not start with a
 * rule that could not be checked.
 * @throws Error that names the class, the property and the rule.
 */
export function compileRules(app: INestApplicationContext): void {
  for (const module of app.get(ModulesContainer).values())
    for (const { metatype } of module.controllers.values())
      if (isController(metatype))
        for (const handler of handlersOf(metatype))
          for (const argument of checkedArguments(metatype, handler)) ClassCheck.of(argument.metatype);
}

const isController = (metatype: unknown): metatype is Controller => typeof metatype === 'function';

/** Names of the methods of a controller, private ones included. */
export const handlersOf = (controller: Controller): readonly string[] =>
  Object.getOwnPropertyNames(controller.prototype).filter((name) => name !== 'constructor');

/** The parameters of a handler that the validation pipe checks against a class. */
export function checkedArguments(controller: Controller, handler: string): readonly CheckedArgument[] {
  const args: unknown = Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, handler);
  const types: unknown = Reflect.getMetadata('design:paramtypes', controller.prototype, handler);
  if (typeof args !== 'object' || args === null || !Array.isArray(types)) return [];
  return Object.keys(args).flatMap((key) => {
    const [kind, index] = key.split(':').map(Number);
    const place = kind === undefined ? undefined : PLACES.get(kind);
    const metatype: unknown = index === undefined ? undefined : types[index];
    return place !== undefined && isChecked(metatype) ? [{ place, metatype }] : [];
  });
}

/** Whether the parameter's type is a class whose rules are to be checked. */
export const isChecked = (metatype: unknown): metatype is Type<object> =>
  typeof metatype === 'function' && !PLAIN_TYPES.includes(metatype);
