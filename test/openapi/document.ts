import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

/** An operation of `docs/openapi.json`. */
export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly security?: readonly unknown[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
  }[];
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Readonly<Record<string, unknown>> }>
  >;
}

export interface OpenApi {
  readonly openapi: string;
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

export const ROOT = join(import.meta.dirname, '../..');

export const readDocument = (): OpenApi =>
  JSON.parse(readFileSync(join(ROOT, 'docs/openapi.json'), 'utf8')) as OpenApi;

/** One step of a JSON pointer. */
const step = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

/** Compiles parts of the document by their place in it. */
export class DocumentSchemas {
  private readonly ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });

  constructor(document: OpenApi) {
    this.ajv.addSchema({ ...document, $id: 'urn:spillway:openapi' });
  }

  /** @throws Error when there is no schema at this place, or it is not valid. */
  at(...path: readonly string[]): ValidateFunction {
    const pointer = path.map((name) => `/${encodeURIComponent(step(name))}`).join('');
    return this.ajv.compile({ $ref: `urn:spillway:openapi#${pointer}` });
  }

  /** The schema of an answer. */
  answer(method: string, path: string, status: number, mediaType: string): ValidateFunction {
    const place = ['paths', path, method.toLowerCase(), 'responses', String(status)];
    return this.at(...place, 'content', mediaType, 'schema');
  }
}
