import type { Type } from '@nestjs/common';
import {
  HEADERS_METADATA,
  HTTP_CODE_METADATA,
  METHOD_METADATA,
  PATH_METADATA,
} from '@nestjs/common/constants.js';
import { RequestMethod } from '@nestjs/common';
import type { SchemaData } from '@spillway/contracts/schemas';
import { checkedArguments, handlersOf } from '../compile-rules.js';
import { schemaOf } from '../schema/schema-of.js';
import { documentSchema } from './document-schema.js';
import { errorsOf, problemAnswers } from './error-answers.js';
import { REQUEST_HEADERS, type ResponseHeader } from './headers.js';
import type { AnswerInfo, ControllerDescription, OperationInfo } from './operation-info.js';

/** Who may call a handler. */
export type RouteAccessOf = (
  controller: Type<object>,
  handler: string,
) => { readonly isPublic: boolean; readonly roles: readonly string[] };

type Responses = Readonly<Record<string, SchemaData>>;

/** The part of the document that one service answers. */
export interface DescribedRoutes {
  readonly paths: Readonly<Record<string, Readonly<Record<string, SchemaData>>>>;
  readonly schemas: Readonly<Record<string, SchemaData>>;
}

/**
 * The paths of controllers, from their decorators and what is said of each handler.
 * @throws Error for a handler without its description, or a description without its handler.
 */
export function describeRoutes(
  descriptions: readonly ControllerDescription[],
  accessOf: RouteAccessOf,
): DescribedRoutes {
  const paths: Record<string, Record<string, SchemaData>> = {};
  const schemas: Record<string, SchemaData> = {};
  for (const { controller, operations } of descriptions) {
    for (const handler of routesOf(controller, operations)) {
      const method = methodOf(controller, handler);
      const info = operations[handler];
      if (!info) throw new Error(`${controller.name}.${handler} is not described`);
      const operation = operationOf(controller, handler, info, accessOf(controller, handler), schemas);
      const [first, ...older] = pathsOf(controller, handler);
      for (const path of [first, ...older].filter((p) => p !== undefined)) {
        const verb = RequestMethod[Number(Reflect.getMetadata(METHOD_METADATA, method))];
        const alias = path === first ? {} : { deprecated: true };
        const id = `${handler}${controller.name.replace(/Controller$/, '')}${path === first ? '' : 'OlderPath'}`;
        (paths[path] ??= {})[String(verb).toLowerCase()] = { operationId: id, ...alias, ...operation };
      }
    }
  }
  return { paths, schemas };
}

function routesOf(
  controller: Type<object>,
  operations: ControllerDescription['operations'],
): readonly string[] {
  const routes = handlersOf(controller).filter((name) =>
    Reflect.hasMetadata(PATH_METADATA, methodOf(controller, name)),
  );
  const strange = Object.keys(operations).find((name) => !routes.includes(name));
  if (strange !== undefined) throw new Error(`${controller.name}.${strange} is described and is no route`);
  return routes;
}

function methodOf(controller: Type<object>, handler: string): object {
  const method: unknown = Reflect.get(Object(controller.prototype), handler);
  if (typeof method !== 'function') throw new Error(`${controller.name}.${handler} is no method`);
  return method;
}

/** In the order of the decorator: the first is the path itself, others are older names of it. */
function pathsOf(controller: Type<object>, handler: string): readonly string[] {
  const of = (target: object): readonly string[] =>
    [Reflect.getMetadata(PATH_METADATA, target)].flat() as string[];
  return of(controller).flatMap((base) =>
    of(methodOf(controller, handler)).map((part) =>
      `/${[base, part]
        .map((p) => p.replace(/^\/|\/$/g, ''))
        .filter(Boolean)
        .join('/')}`.replace(/:(\w+)/g, '{$1}'),
    ),
  );
}

function operationOf(
  controller: Type<object>,
  handler: string,
  info: OperationInfo,
  access: ReturnType<RouteAccessOf>,
  schemas: Record<string, SchemaData>,
): SchemaData {
  const checked = checkedArguments(controller, handler);
  const body = checked.find(({ place }) => place === 'body')?.metatype;
  const query = checked.find(({ place }) => place === 'query')?.metatype;
  const names = [...(pathsOf(controller, handler)[0] ?? '').matchAll(/\{(\w+)\}/g)].map(
    ([, name = '']) => name,
  );
  const parameters = [
    ...names.map((name) => ({
      name,
      in: 'path',
      required: true,
      schema: info.params?.[name] ?? { type: 'string' },
    })),
    ...(query ? queryParameters(query) : []),
    ...(info.headers ?? []).map((name) => ({ name, in: 'header', ...REQUEST_HEADERS[name] })),
  ];
  const named = (metatype: Type<object>): SchemaData => {
    const name = metatype.name.replace(/Dto$/, '');
    schemas[name] = documentSchema(schemaOf(metatype).schema);
    return { $ref: `#/components/schemas/${name}` };
  };
  const content = bodyContent(info, body, named);
  const roles =
    access.roles.length > 0 ? `Needs one of the roles ${access.roles.join(', ')}.` : 'Any role will do.';
  return {
    summary: info.summary,
    description: [info.description, access.isPublic ? undefined : roles].filter(Boolean).join(' '),
    tags: [info.tag],
    ...(access.isPublic ? { security: [] } : {}),
    'x-roles': access.roles,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(content ? { requestBody: { required: true, content } } : {}),
    responses: merged(
      successes(methodOf(controller, handler), info),
      problemAnswers(
        errorsOf({
          ...access,
          body: content !== undefined,
          checked: checked.length > 0 || content !== undefined,
          address: names.length > 0,
          more: info.errors ?? [],
        }),
      ),
    ),
  };
}

/** A status may be an answer of the handler and an error too: it then has two media types. */
function merged(answers: Responses, problems: Responses): Responses {
  const both = Object.keys(answers).filter((status) => problems[status]);
  return {
    ...answers,
    ...problems,
    ...Object.fromEntries(
      both.map((status) => {
        const [own, problem] = [answers[status] ?? {}, problems[status] ?? {}];
        return [
          status,
          {
            description: [own['description'], problem['description']].join(' '),
            headers: Object.assign({}, own['headers'], problem['headers']),
            content: Object.assign({}, own['content'], problem['content']),
          },
        ];
      }),
    ),
  };
}

function queryParameters(metatype: Type<object>): readonly SchemaData[] {
  const { properties, required = [] } = schemaOf(metatype).schema;
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema: documentSchema(schema),
  }));
}

function bodyContent(
  { listBody }: OperationInfo,
  body: Type<object> | undefined,
  named: (metatype: Type<object>) => SchemaData,
): SchemaData | undefined {
  if (body) return { 'application/json': { schema: named(body) } };
  if (!listBody) return undefined;
  const items = named(listBody.item);
  return {
    'application/json': { schema: { type: 'array', maxItems: listBody.maxItems, items } },
    'application/x-ndjson': {
      schema: {
        type: 'string',
        description: `One JSON object a line, at most ${listBody.maxItems}, as in the array.`,
      },
    },
  };
}

function successes(method: object, info: OperationInfo): Responses {
  const declared: unknown = Reflect.getMetadata(HTTP_CODE_METADATA, method);
  const fixed = [Reflect.getMetadata(HEADERS_METADATA, method) ?? []].flat() as {
    readonly name: ResponseHeader;
  }[];
  if (declared !== undefined && info.answers[Number(declared)] === undefined)
    throw new Error(`the answer ${Number(declared)} of "${info.summary}" is not described`);
  return Object.fromEntries(
    Object.entries(info.answers).map(([status, answer]) => [
      status,
      answerOf(
        answer,
        fixed.map(({ name }) => name),
      ),
    ]),
  );
}

function answerOf(answer: AnswerInfo, fixed: readonly ResponseHeader[]): SchemaData {
  const headers = [...new Set<ResponseHeader>([...(answer.headers ?? []), ...fixed, 'X-Request-Id'])];
  const { schema, mediaType = 'application/json' } = answer;
  const content = typeof schema === 'string' ? { $ref: `#/components/schemas/${schema}` } : schema;
  return {
    description: answer.description,
    headers: Object.fromEntries(headers.map((name) => [name, { $ref: `#/components/headers/${name}` }])),
    ...(content ? { content: { [mediaType]: { schema: content } } } : {}),
  };
}
