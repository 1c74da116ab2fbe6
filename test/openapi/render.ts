/**
 * Prints the OpenAPI document, or with `--write` replaces `docs/openapi.json`, by asking the compiled gateway
 * and reader for what they answer. Processes of their own: nothing of the apps is imported.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

type Tree = { readonly [key: string]: unknown };

const ROOT = join(import.meta.dirname, '../..');
const DEADLINE_MS = 60_000;

/** @throws Error when the app is not built, or a route of it is not described. */
function partOf(app: string): Tree {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, `apps/${app}/dist/openapi.js`)],
    {
      encoding: 'utf8',
      timeout: DEADLINE_MS,
      maxBuffer: 16 * 1024 * 1024,
    },
  );
  if (status !== 0) throw new Error(`the ${app} did not describe itself: ${stderr.slice(0, 1000)}`);
  return JSON.parse(stdout) as Tree;
}

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @throws Error when both say something else at one place. */
function merged(a: unknown, b: unknown, at: string): unknown {
  if (!isTree(a) || !isTree(b)) {
    if (isDeepStrictEqual(a, b)) return a;
    throw new Error(`the services differ at ${at}`);
  }
  const both = Object.entries(b).map(([key, value]) => [
    key,
    Object.hasOwn(a, key) ? merged(a[key], value, `${at}/${key}`) : value,
  ]);
  return { ...a, ...(Object.fromEntries(both) as Tree) };
}

const sorted = (tree: Tree): Tree =>
  Object.fromEntries(Object.entries(tree).sort(([a], [b]) => (a < b ? -1 : 1)));

const document = merged(partOf('gateway'), partOf('reader'), '');
if (!isTree(document) || !isTree(document['paths'])) throw new Error('there are no paths');
const text = `${JSON.stringify({ ...document, paths: sorted(document['paths']) }, null, 2)}\n`;
if (process.argv.includes('--write')) {
  const file = join(ROOT, 'docs/openapi.json');
  writeFileSync(file, text);
  process.stderr.write(`Wrote ${relative(process.cwd(), file)}\n`);
} else {
  process.stdout.write(text);
}
