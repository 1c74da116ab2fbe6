/** Prints docs/asyncapi.yaml as JSON. Needs no environment. */
import { writeSync } from 'node:fs';
import { asyncApiDocument } from './asyncapi/document.js';

writeSync(1, JSON.stringify(asyncApiDocument()));
