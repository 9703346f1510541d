import { createLocalJWKSet, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose';
import { errorText, VoltError } from '../../kernel/errors.ts';
import type { ProviderWithSecret } from '../../record/providers.ts';
import { parseJson } from '../../system/parse-json.ts';
import { askProvider } from './ask-provider.ts';
import { clockTolerance } from './faults.ts';
import { discover } from './openid-server.ts';

/** What says that a token is about signing out. */
const event = 'http://schemas.openid.net/event/backchannel-logout';

/** Seconds after which a logout token no longer counts, as OpenID Connect Back-Channel Logout 1.0, 4 advises. */
export const logoutTokenAge = 120;

/** Algorithms of signatures with a key that the provider publishes. With a shared secret or without one, anybody could sign. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

export interface LogoutNotice {
  /** who has signed out there */
  subject: string;
  /** what tells one notice from the next */
  id: string;
}

/**
 * Checks a logout token by OpenID Connect Back-Channel Logout 1.0, 2.6.
 * @throws VoltError `bad_signature`, `provider_unreachable`, `provider_refused`
 */
export async function checkLogoutToken(of: ProviderWithSecret, token: string): Promise<LogoutNotice> {
  const server = await discover(of);
  if (!server.jwks_uri) throw refused('the provider does not publish its keys');
  const answer = await askProvider(server.jwks_uri, { method: 'GET', headers: { accept: 'application/json' } });
  const keys = parseJson(await answer.text()) as JSONWebKeySet;
  const verify = async () =>
    jwtVerify(token, createLocalJWKSet(keys), {
      ...{ issuer: server.issuer, audience: of.clientId, algorithms, clockTolerance },
      ...{ maxTokenAge: logoutTokenAge, requiredClaims: ['iat', 'jti', 'events'] },
    });
  const { payload } = await verify().catch((error) => {
    throw refused(errorText(error));
  });
  return noticeIn(payload);
}

function noticeIn({ events, nonce, sub, jti }: JWTPayload): LogoutNotice {
  const isEvent = typeof events === 'object' && events !== null && event in events;
  // an ID token must not pass as one: it has a nonce and no such event
  if (!isEvent || nonce !== undefined) throw refused('it is no logout token');
  // Volt keeps no session ids of providers
  if (typeof sub !== 'string' || typeof jti !== 'string') throw refused('it does not name a person');
  return { subject: sub, id: jti };
}

function refused(why: string): VoltError {
  return new VoltError('bad_signature', `the logout token is not valid: ${why}`, {
    remedy: 'Send a logout token of OpenID Connect Back-Channel Logout 1.0 with "sub" for the client id of Volt.',
  });
}
