import * as oauth from 'oauth4webapi';
import type { Provider } from '../../kernel/model/provider-shapes.ts';
import type { AuthorizationRequest } from './provider-client.ts';

/** The address at a provider to which the browser goes: RFC 6749, 4.1.1, with PKCE (RFC 7636, 4.3). */
export async function authorizationUrl(
  endpoint: string,
  { clientId, scopes }: Pick<Provider, 'clientId' | 'scopes'>,
  { redirectUri, state, verifier }: AuthorizationRequest,
): Promise<URL> {
  const url = new URL(endpoint);
  const parameters = {
    ...{ response_type: 'code', client_id: clientId, redirect_uri: redirectUri, state, scope: scopes.join(' ') },
    ...{ code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' },
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url;
}
