import { isUtf8 } from 'node:buffer';
import { escapePointer } from './pointer.js';
import { ProblemError } from './problem-error.js';

const DEPTH_MAX = 16;
/** Names that mean something to JavaScript objects and nothing to us. */
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * A request body as a value.
 * @throws ProblemError 400: not UTF-8, not JSON, empty, nested too deep, or with a key like `__proto__`.
 */
export const parseJsonBody = (body: Buffer): unknown => checkedForms(parseJson(body, 'body'));

/** @throws ProblemError 400 `malformed_json`, naming the `part` of the request: empty, not UTF-8, not JSON. */
export function parseJson(bytes: Buffer | undefined, part: 'body' | 'line'): unknown {
  if (!bytes?.length) throw new ProblemError('malformed_json', `The ${part} is empty; send JSON.`);
  if (!isUtf8(bytes)) throw new ProblemError('malformed_json', `The ${part} is not UTF-8.`);
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new ProblemError('malformed_json', `The ${part} is not JSON.`);
  }
}

/**
 * The value itself.
 * @throws ProblemError 400: nested too deep, or with a key like `__proto__`.
 */
export function checkedForms(root: unknown): unknown {
  if (!isPlainForm(root, DEPTH_MAX)) refuseStrangeForms(root);
  return root;
}

/** Whether there is no forbidden key and at most `depth` levels. Looks only; the pointers are made on refusal. */
function isPlainForm(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0) return false;
  if (Array.isArray(value)) return value.every((entry) => isPlainForm(entry, depth - 1));
  for (const key in value) {
    if (FORBIDDEN_KEYS.has(key)) return false;
    if (!isPlainForm((value as Record<string, unknown>)[key], depth - 1)) return false;
  }
  return true;
}

/** Walks without recursion, so that depth itself cannot harm. */
function refuseStrangeForms(root: unknown): void {
  const open: { value: unknown; pointer: string; depth: number }[] = [{ value: root, pointer: '', depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, pointer, depth } = next;
    if (typeof value !== 'object' || value === null) continue;
    if (depth >= DEPTH_MAX) throw invalid(pointer, `is nested more than ${DEPTH_MAX} deep`);
    for (const [key, child] of Object.entries(value)) {
      const at = `${pointer}/${escapePointer(key)}`;
      if (FORBIDDEN_KEYS.has(key)) throw invalid(at, 'is not a known property');
      if (typeof child === 'object') open.push({ value: child, pointer: at, depth: depth + 1 });
    }
  }
}

const invalid = (pointer: string, detail: string): ProblemError =>
  new ProblemError('invalid_request', 'The body is not valid; errors says where.', {
    errors: [{ pointer, detail }],
  });
