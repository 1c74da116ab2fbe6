import { signToken } from '@spillway/auth';
import { readFile } from 'node:fs/promises';

const TTL_MS = 15 * 60_000;
/** A token is replaced this long before it ends, so that none ends on its way. */
const RENEW_BEFORE_MS = 2 * 60_000;

export interface ImporterTokenSettings {
  readonly tenant: string;
  readonly privateKeyFile: string;
  readonly issuer: string;
  readonly audience: string;
}

type PrivateJwk = Parameters<typeof signToken>[0];

/**
 * Tokens with which posts of others may be brought in, signed here and renewed before they end, however
 * long a load takes. @throws Error when the key file cannot be read or is not a private Ed25519 JWK.
 */
export async function importerTokens(settings: ImporterTokenSettings): Promise<() => Promise<string>> {
  const { tenant, privateKeyFile, issuer, audience } = settings;
  const key = await readKey(privateKeyFile);
  let current: Promise<string> | undefined;
  let renewAt = 0;
  return () => {
    const now = Date.now();
    if (current === undefined || now >= renewAt) {
      const claims = {
        iss: issuer,
        aud: audience,
        sub: 'importer',
        tenant,
        roles: ['importer'],
      } as const;
      current = signToken(key, claims, TTL_MS, now);
      renewAt = now + TTL_MS - RENEW_BEFORE_MS;
    }
    return current;
  };
}

async function readKey(file: string): Promise<PrivateJwk> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as PrivateJwk;
  } catch (error) {
    throw new Error(
      `No token was signed and nothing was sent: ${file} is not a readable JWK. npm start makes it.`,
      {
        cause: error,
      },
    );
  }
}
