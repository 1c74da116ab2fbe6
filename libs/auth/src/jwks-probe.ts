import type { Probe } from '@spillway/health';
import type { KeySource } from './key-source.js';

/** Required: without a key no token can be verified. */
export const jwksProbe = (keys: KeySource): Probe => ({
  name: 'jwks',
  required: true,
  check: async () =>
    (await keys.available()) ? { up: true } : { up: false, detail: 'no key was loaded yet' },
});
