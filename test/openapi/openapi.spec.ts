import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { DocumentSchemas, readDocument, ROOT } from './document.js';

const METHODS = ['get', 'put', 'post', 'patch', 'delete'];
const document = readDocument();
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

describe('docs/openapi.json', () => {
  it('is what the code says; if not, run npm run openapi and commit the file', () => {
    const run = spawnSync(process.execPath, [join(ROOT, 'test/openapi/render.ts')], {
      encoding: 'utf8',
      timeout: 170_000,
    });
    if (run.status !== 0) throw new Error(run.stderr);
    expect(document).toEqual(JSON.parse(run.stdout));
  }, 180_000);

  it('is OpenAPI 3.1 with operations that can be told apart', () => {
    expect(document.openapi).toMatch(/^3\.1\.\d+$/);
    expect(operations.length).toBeGreaterThan(10);
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const tags = document.tags.map(({ name }) => name);
    for (const { method, operation } of operations) {
      expect(METHODS).toContain(method);
      expect(tags).toEqual(expect.arrayContaining([...operation.tags]));
      expect(operation.summary).not.toBe('');
    }
  });

  it.each(operations)('$method $path names its parts and answers', ({ path, operation }) => {
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
    expect(declared.map(({ name }) => name)).toEqual(names);
    expect(declared.every(({ required }) => required === true)).toBe(true);
    const statuses = Object.keys(operation.responses);
    expect(statuses.some((status) => /^2\d\d$/.test(status))).toBe(true);
    expect(statuses.includes('401')).toBe(operation.security === undefined);
    for (const { description } of Object.values(operation.responses)) expect(description).not.toBe('');
  });

  it('refers only to what it holds', () => {
    const targets = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, to = '']) => to);
    expect(targets.length).toBeGreaterThan(50);
    const held = (to: string): unknown =>
      to
        .split('/')
        .reduce<unknown>(
          (node, name) => (node as Readonly<Record<string, unknown>> | undefined)?.[name],
          document,
        );
    expect(targets.filter((to) => held(to) === undefined)).toEqual([]);
  });

  it('has schemas that are valid JSON Schema 2020-12', () => {
    const schemas = new DocumentSchemas(document);
    for (const name of Object.keys(document.components.schemas))
      expect(() => schemas.at('components', 'schemas', name)).not.toThrow();
    for (const { path, method, operation } of operations)
      for (const [status, { content = {} }] of Object.entries(operation.responses))
        for (const mediaType of Object.keys(content))
          expect(() => schemas.answer(method, path, Number(status), mediaType)).not.toThrow();
  });
});
