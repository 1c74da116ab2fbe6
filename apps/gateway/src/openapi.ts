/** Prints the part of docs/openapi.json that a gateway answers. Needs no environment. */
import 'reflect-metadata';
import { writeSync } from 'node:fs';
import { accessOf } from '@spillway/auth';
import { describeRoutes, openApiDocument } from '@spillway/http/openapi';
import { letterRoutes } from './openapi/dead-letters.js';
import { documentRoutes } from './openapi/documents.js';
import { healthRoutes } from './openapi/health.js';
import { postRoutes } from './openapi/posts.js';
import { revocationRoutes } from './openapi/revocations.js';

const routes = describeRoutes(
  [...postRoutes, ...letterRoutes, ...revocationRoutes, ...healthRoutes, ...documentRoutes],
  accessOf,
);
writeSync(1, JSON.stringify(openApiDocument(routes)));
