import { list, parsed, text, type ConfigOf, type ConfigSpec } from '@spillway/config';

export const ALGORITHMS = ['EdDSA', 'ES256', 'RS256'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

export const authConfig = {
  authJwks: parsed(
    'AUTH_JWKS',
    { about: 'Where the public keys of tokens are: file:///… or https://…' },
    (value) => {
      if (!URL.canParse(value) || !['file:', 'https:'].includes(new URL(value).protocol)) {
        throw new Error('must be an address starting with file:/// or https://');
      }
      return new URL(value);
    },
  ),
  authIssuer: text('AUTH_ISSUER', { about: 'The iss claim that tokens must have' }),
  authAudience: text('AUTH_AUDIENCE', { about: 'The aud claim that tokens must have' }),
  authAlgorithms: parsed(
    'AUTH_ALGORITHMS',
    { about: 'Signature algorithms that are accepted, of EdDSA, ES256, RS256', fallback: 'EdDSA' },
    (value): readonly Algorithm[] => {
      const named = list('', { about: '' }).parse(value);
      const known = ALGORITHMS.filter((algorithm) => named.includes(algorithm));
      if (known.length !== named.length)
        throw new Error(`must be a list of ${ALGORITHMS.join(', ')}, each once`);
      return known;
    },
  ),
  authClaimTenant: text('AUTH_CLAIM_TENANT', {
    about: 'Name of the claim that holds the tenant',
    fallback: 'tenant',
  }),
  authClaimRoles: text('AUTH_CLAIM_ROLES', {
    about: 'Name of the claim that holds the roles',
    fallback: 'roles',
  }),
} satisfies ConfigSpec;

export type AuthConfig = ConfigOf<typeof authConfig>;
