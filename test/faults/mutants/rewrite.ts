import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

/** A change to compiled code of the product while it is loaded. The product itself holds no fault code. */
export interface Rewrite {
  /** End of the file's path, below the repository: `libs/database/dist/scope.js`. */
  readonly file: string;
  readonly find: string;
  readonly put: string;
}

/** What a process ends with when the code is no longer what a mutant was written for. */
export const NOT_FOUND_EXIT_CODE = 70;

/** @throws Error when the text to replace is not there exactly once. */
export function rewrite(source: string, { file, find, put }: Rewrite): string {
  const parts = source.split(find);
  if (parts.length !== 2) {
    throw new Error(
      `${file} holds ${parts.length - 1} times, not once: ${find}\nAdapt test/faults/mutants to it.`,
    );
  }
  return parts.join(put);
}

/** Applies rewrites to modules as this process loads them. Call it from a file that `--import` preloads. */
export function rewriteOnLoad(rewrites: readonly Rewrite[]): void {
  registerHooks({
    load(url, context, nextLoad) {
      const wanted = rewrites.filter(({ file }) => url.endsWith(`/${file}`));
      if (wanted.length === 0) return nextLoad(url, context);
      try {
        const path = fileURLToPath(url);
        const source = wanted.reduce(rewrite, sourceText(nextLoad(url, context).source, path));
        return { format: 'module', source, shortCircuit: true };
      } catch (error) {
        process.stderr.write(`The mutant was not applied: ${String(error)}\n`);
        process.exit(NOT_FOUND_EXIT_CODE);
      }
    },
  });
}

/** Of a second mutant of the same file the source is what the first one made of it. */
function sourceText(source: string | ArrayBuffer | NodeJS.TypedArray | undefined, path: string): string {
  if (typeof source === 'string') return source;
  if (source === undefined) return readFileSync(path, 'utf8');
  return new TextDecoder().decode(source);
}
