import { Schema1763700000000 } from './1763700000000-schema.js';

export const MIGRATIONS = [Schema1763700000000];
