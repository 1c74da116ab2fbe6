import { isUtf8 } from 'node:buffer';
import { escapePointer } from './pointer.js';
import { ProblemError } from './problem-error.js';

const DEPTH_MAX = 16;
/** Names that mean something to JavaScript objects and nothing to us. */
const FORBIDDEN_KEYS = ['__proto__', 'constructor', 'prototype'];

/**
 * A request body as a value.
 * @throws ProblemError 400: not UTF-8, not JSON, empty, nested too deep, or with a key like `__proto__`.
 */
export function parseJsonBody(body: Buffer): unknown {
  if (body.length === 0) throw new ProblemError('malformed_json', 'The body is empty; send a JSON object.');
  if (!isUtf8(body)) throw new ProblemError('malformed_json', 'The body is not UTF-8.');
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw new ProblemError('malformed_json', 'The body is not JSON.');
  }
  refuseStrangeForms(value);
  return value;
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
      if (FORBIDDEN_KEYS.includes(key)) throw invalid(at, 'is not a known property');
      if (typeof child === 'object') open.push({ value: child, pointer: at, depth: depth + 1 });
    }
  }
}

const invalid = (pointer: string, detail: string): ProblemError =>
  new ProblemError('invalid_request', 'The body is not valid; errors says where.', {
    errors: [{ pointer, detail }],
  });
