import type { Context } from 'hono';
import { VoltError } from '../../kernel/errors.ts';
import { publishedIdTokenKeys } from '../../record/id-token-keys.ts';
import { idTokenAlgorithm, issuerOf } from '../../secrets/id-token.ts';
import type { WebEnv } from '../access/env.ts';
import type { Web } from '../services.ts';

/** Seconds for which others may keep the keys: less than a new one is published before it signs. */
const keptFor = 600;

/** Says where the keys of ID tokens are: OpenID Connect Discovery 1.0, 3. @throws VoltError `not_found` without VOLT_URL */
export function discovery(context: Context<WebEnv>, { config }: Pick<Web, 'config'>): Response {
  if (config.url === undefined) {
    throw new VoltError('not_found', 'this Volt has no address that others use, so it issues no ID tokens', {
      remedy: 'Set VOLT_URL to the address under which others reach it.',
    });
  }
  const issuer = issuerOf(config.url);
  return cached(context, {
    issuer,
    jwks_uri: `${issuer}/.well-known/jwks`,
    subject_types_supported: ['public'],
    response_types_supported: ['id_token'],
    claims_supported: ['iss', 'sub', 'aud', 'iat', 'nbf', 'exp', 'jti'],
    id_token_signing_alg_values_supported: [idTokenAlgorithm],
    scopes_supported: ['openid'],
  });
}

/** The public keys as a JSON Web Key Set: RFC 7517, 5. */
export async function publicKeys(context: Context<WebEnv>, { database }: Pick<Web, 'database'>): Promise<Response> {
  return cached(context, { keys: await publishedIdTokenKeys(database.db) });
}

function cached(context: Context<WebEnv>, answer: object): Response {
  context.header('cache-control', `public, max-age=${keptFor}`);
  return context.json(answer);
}
