import type { WireError } from './wire-error.js';

/** The routes of an application, for telling a wrong address (404) from a wrong method (405). */
export class RouteTable {
  private readonly routes = new Map<string, { readonly form: RegExp; readonly methods: Set<string> }>();

  /** @param template such as `/v1/posts/:id`. */
  add(template: string, methods: readonly string[]): void {
    const route = this.routes.get(template) ?? { form: formOf(template), methods: new Set<string>() };
    for (const method of methods) route.methods.add(method);
    this.routes.set(template, route);
  }

  /** What to answer to a request that no route took. */
  unrouted(method: string, url: string): WireError {
    const path = url.split('?', 1)[0] ?? '';
    const known = [...this.routes.values()].filter(({ form }) => form.test(path));
    if (known.length === 0) return { code: 'not_found', detail: 'There is nothing at this address.' };
    const allow = [...new Set(known.flatMap(({ methods }) => [...methods]))].sort().join(', ');
    return {
      code: 'method_not_allowed',
      detail: `${method} is not possible here; possible are: ${allow}.`,
      headers: { allow },
    };
  }
}

const formOf = (template: string): RegExp =>
  new RegExp(
    `^${template
      .split('/')
      .map((part) => (part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
      .join('/')}$`,
  );
