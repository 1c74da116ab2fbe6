/** What the page shows of an OpenAPI document. */
export interface ApiDocument {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, ApiOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

interface ApiOperation {
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly ApiParameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: unknown }>> };
  readonly responses: Readonly<Record<string, ApiResponse>>;
}

interface ApiParameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: unknown;
}

interface ApiResponse {
  readonly description: string;
  readonly headers?: Readonly<Record<string, unknown>>;
}

const STYLE = `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h2{margin-top:2.5rem;font-size:1.1rem}code,pre{font-family:ui-monospace,monospace;font-size:.9em}pre{overflow:auto;padding:.75rem;border:1px solid #8886;border-radius:.4rem}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #8884}
.method{display:inline-block;min-width:4.5rem;font-weight:700}`;

/** The document as one page without scripts. Everything taken from it is escaped. */
export function renderPage(document: ApiDocument): { readonly html: string; readonly style: string } {
  const { title, version, description } = document.info;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => section(method, path, operation)),
  );
  const schemas = Object.entries(document.components.schemas).map(
    ([name, schema]) => `<h2 id="${escape(name)}">${escape(name)}</h2>${json(schema)}`,
  );
  const html = [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escape(title)} API</title><style>${STYLE}</style></head><body>`,
    `<h1>${escape(title)} API ${escape(version)}</h1><p>${escape(description)}</p>`,
    '<p>The same for programs: <a href="openapi.json">openapi.json</a></p>',
    ...operations,
    '<h1>Schemas</h1>',
    ...schemas,
    '</body></html>\n',
  ].join('\n');
  return { html, style: STYLE };
}

function section(method: string, path: string, operation: ApiOperation): string {
  const { summary, description = '', parameters = [], requestBody, responses } = operation;
  const bodies = Object.entries(requestBody?.content ?? {}).map(
    ([type, { schema }]) => `<p>Body, <code>${escape(type)}</code>:</p>${json(schema)}`,
  );
  return [
    `<h2><span class="method">${escape(method.toUpperCase())}</span> <code>${escape(path)}</code> ${escape(summary)}</h2>`,
    description === '' ? '' : `<p>${escape(description)}</p>`,
    parameters.length === 0 ? '' : table(parameters.map(parameterRow)),
    ...bodies,
    table(Object.entries(responses).map(([status, response]) => responseRow(status, response))),
  ].join('\n');
}

const table = (rows: readonly string[]): string => `<table>${rows.join('')}</table>`;

const parameterRow = ({ name, in: place, required, description, schema }: ApiParameter): string =>
  `<tr><td><code>${escape(name)}</code></td><td>${escape(place)}${required ? ', required' : ''}</td>` +
  `<td>${escape(description ?? '')} <code>${escape(JSON.stringify(schema))}</code></td></tr>`;

const responseRow = (status: string, { description, headers = {} }: ApiResponse): string =>
  `<tr><td>${escape(status)}</td><td>${escape(description)}</td>` +
  `<td>${Object.keys(headers)
    .map((name) => `<code>${escape(name)}</code>`)
    .join(' ')}</td></tr>`;

const json = (value: unknown): string => `<pre>${escape(JSON.stringify(value, null, 2))}</pre>`;

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
