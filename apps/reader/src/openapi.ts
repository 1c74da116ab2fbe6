/** Prints the part of docs/openapi.json that a reader answers. Needs no environment. */
import 'reflect-metadata';
import { writeSync } from 'node:fs';
import { accessOf } from '@spillway/auth';
import { describeRoutes, openApiDocument } from '@spillway/http/openapi';
import { letterRoutes } from './openapi/dead-letters.js';
import { derivedRoutes } from './openapi/derived-reads.js';
import { readRoutes } from './openapi/reads.js';
import { revocationRoutes } from './openapi/revocations.js';
import { timelineRoutes } from './openapi/timeline.js';

const routes = [...readRoutes, ...derivedRoutes, ...letterRoutes, ...revocationRoutes, ...timelineRoutes];
writeSync(1, JSON.stringify(openApiDocument(describeRoutes(routes, accessOf))));
