import type { TraceState } from '@opentelemetry/api';

const KEY = /^[a-z0-9][a-z0-9_\-*/@]{0,255}$/;
const VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
const MEMBERS_MAX = 32;
/** Twice what has to be carried at least; what is longer is not looked at. */
const LENGTH_MAX = 1024;

/**
 * The members of a `tracestate`, most recent first, as W3C Trace Context 2, §3.3 has them: to be carried on as
 * they came. Undefined when there is none or any part of it is not valid, since half of it would mislead.
 * @param text several headers joined by commas, in the order in which they came.
 */
export function parseTracestate(text: string | undefined): TraceState | undefined {
  if (text === undefined || text.length > LENGTH_MAX) return undefined;
  const members = new Map<string, string>();
  for (const part of text.split(',')) {
    const member = part.replace(/^[ \t]+|[ \t]+$/g, '');
    // Members may be empty: what joins headers cannot always avoid it.
    if (member === '') continue;
    const at = member.indexOf('=');
    const [key, value] = [member.slice(0, at), member.slice(at + 1)];
    if (at < 1 || !KEY.test(key) || !VALUE.test(value) || members.has(key)) return undefined;
    members.set(key, value);
  }
  return members.size === 0 || members.size > MEMBERS_MAX ? undefined : new Members([...members]);
}

class Members implements TraceState {
  constructor(private readonly members: readonly (readonly [string, string])[]) {}

  /** A changed member comes first (§3.5). */
  set(key: string, value: string): TraceState {
    if (!KEY.test(key) || !VALUE.test(value)) return this;
    return new Members([[key, value] as const, ...this.without(key)].slice(0, MEMBERS_MAX));
  }

  unset(key: string): TraceState {
    return new Members(this.without(key));
  }

  get(key: string): string | undefined {
    return this.members.find(([name]) => name === key)?.[1];
  }

  serialize(): string {
    return this.members.map(([key, value]) => `${key}=${value}`).join(',');
  }

  private without(key: string): (readonly [string, string])[] {
    return this.members.filter(([name]) => name !== key);
  }
}
