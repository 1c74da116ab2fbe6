import { Controller, Get, Headers, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Public } from '@spillway/auth';
import { ApiPages, type ApiPage } from './api-pages.js';

/** `GET /openapi.json` and `GET /docs`, which is the same for people. */
@Controller()
@Public()
export class DocumentsController {
  constructor(private readonly pages: ApiPages) {}

  @Get('openapi.json')
  document(
    @Headers('if-none-match') known: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): string | undefined {
    return answer(this.pages.json, known, reply);
  }

  @Get('docs')
  page(
    @Headers('if-none-match') known: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): string | undefined {
    return answer(this.pages.html, known, reply);
  }
}

function answer(page: ApiPage, known: string | undefined, reply: FastifyReply): string | undefined {
  void reply.headers({ ...page.headers, ETag: page.etag, 'Cache-Control': 'public, max-age=300' });
  const tags = known?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  if (!tags.includes(page.etag) && !tags.includes('*')) return page.text;
  void reply.code(304);
  return undefined;
}
