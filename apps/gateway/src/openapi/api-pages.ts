import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderPage, type ApiDocument } from './render-page.js';

/** A text that is the same until the next start. */
export interface ApiPage {
  readonly text: string;
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
}

const FILE = join(import.meta.dirname, '../../../../docs/openapi.json');

/** The description of the API, as committed: a test holds it equal to the code. */
export class ApiPages {
  constructor(
    readonly json: ApiPage,
    readonly html: ApiPage,
  ) {}

  /** @throws Error when the file is missing. */
  static load(): ApiPages {
    const text = readFileSync(FILE, 'utf8');
    const { html, style } = renderPage(JSON.parse(text) as ApiDocument);
    const policy = `default-src 'none'; style-src 'sha256-${sha256(style)}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
    return new ApiPages(
      pageOf(text, { 'Content-Type': 'application/json; charset=utf-8' }),
      pageOf(html, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': policy }),
    );
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64');
const pageOf = (text: string, headers: Readonly<Record<string, string>>): ApiPage => ({
  text,
  etag: `"${sha256(text).slice(0, 22)}"`,
  headers,
});
