import * as oauth from 'oauth4webapi';
import type { ProviderWithSecret } from '../../record/providers.ts';
import { parseJson } from '../../system/parse-json.ts';
import { askProvider } from './ask-provider.ts';
import { clockTolerance, providerRefused, tokenFault } from './faults.ts';
import { clientAuth, clientOf, type Discovered, discover, requestOptions } from './openid-server.ts';

/** The signatures of ID tokens that the library checks. HS256, which the client secret makes, is none of them. */
const algorithms = /^(RS|PS|ES)(256|384|512)$|^EdDSA$|^Ed25519$/;

/** Asks a provider of OpenID Connect whether people can sign in there; see ProviderClient. */
export async function checkOpenId(of: ProviderWithSecret, redirectUri: string): Promise<string[]> {
  const server = await discover(of);
  requireFit(of, server);
  await requireKeys(of, server);
  await requireClient(of, server, redirectUri);
  return hintsOf(of, server);
}

function requireFit(of: ProviderWithSecret, server: Discovered): void {
  const { clientSecret } = of;
  const refuse = (what: string, remedy: string) => {
    throw providerRefused(of, what, remedy);
  };
  const { response_types_supported: types, id_token_signing_alg_values_supported: signatures } = server;
  if (types && !types.includes('code'))
    refuse('does not support the authorization code flow', 'Allow the response type "code" there.');
  if (signatures && !signatures.some((name) => algorithms.test(name)))
    refuse(`signs ID tokens only with ${signatures.join(', ').slice(0, 100)}`, 'Let it sign them with RS256 or ES256.');
  const { token_endpoint_auth_methods_supported: methods } = server;
  if (!methods) return;
  if (clientSecret === null && !methods.includes('none'))
    refuse('wants a client secret', 'Give it: `volt provider set NAME --client-secret-file FILE`.');
  if (clientSecret !== null && !methods.some((method) => /^client_secret_(basic|post)$/.test(method)))
    refuse('accepts no client secret', 'Allow client_secret_basic or client_secret_post for its clients.');
}

async function requireKeys(of: ProviderWithSecret, { jwks_uri: address }: Discovered): Promise<void> {
  const answer =
    address === undefined ? undefined : await askProvider(address, { method: 'GET', headers: {}, body: null });
  const { keys } = Object(answer && parseJson(await answer.text())) as { keys?: unknown };
  if (Array.isArray(keys) && keys.length > 0) return;
  throw providerRefused(of, 'shows no keys with which it signs ID tokens', `See ${address ?? 'its jwks_uri'}.`);
}

/** A code that no provider has given is refused either way, but only with a wrong client as that of a wrong client. */
async function requireClient(of: ProviderWithSecret, server: Discovered, redirectUri: string): Promise<void> {
  const client = clientOf(of);
  const made = new URLSearchParams({ code: 'volt-checks-the-client', iss: server.issuer });
  const parameters = oauth.validateAuthResponse(server, client, made, oauth.expectNoState);
  const verifier = oauth.generateRandomCodeVerifier();
  const answer = await oauth.authorizationCodeGrantRequest(
    ...([server, client, clientAuth(of, server), parameters, redirectUri, verifier] as const),
    requestOptions(of),
  );
  const { error, error_description } = Object(parseJson(await answer.text())) as { [name: string]: unknown };
  if (answer.status === 401 || error === 'invalid_client') throw tokenFault(of, 'invalid_client', error_description);
  requireClock(of, answer);
}

function requireClock(of: ProviderWithSecret, answer: Response): void {
  const apart = Math.abs(Date.parse(answer.headers.get('date') ?? '') - Date.now()) / 1000;
  if (!(apart > clockTolerance)) return;
  throw providerRefused(
    of,
    `has a clock that differs from Volt's by ${Math.round(apart / 60)} minutes`,
    `Set the clocks: they may differ by ${clockTolerance / 60} minutes at most.`,
  );
}

function hintsOf({ name, scopes, groupsClaim }: ProviderWithSecret, server: Discovered): string[] {
  const { scopes_supported, claims_supported, code_challenge_methods_supported: challenges } = server;
  const unknown = scopes_supported ? scopes.filter((scope) => !scopes_supported.includes(scope)) : [];
  const lacksGroups = claims_supported && groupsClaim !== null && !claims_supported.includes(groupsClaim);
  return [
    ...(unknown.length > 0 ? [`It does not list the scope ${unknown.join(', ')}.`] : []),
    ...(lacksGroups ? [`It does not list the claim ${groupsClaim}: people may have no groups.`] : []),
    ...(scopes_supported?.includes('groups') && !scopes.includes('groups')
      ? [`It has a scope for groups, which Volt does not ask for: \`volt provider set ${name} --scope groups\`.`]
      : []),
    ...(challenges?.includes('S256') ? [] : ['It does not say that it supports PKCE, which Volt uses all the same.']),
  ];
}
