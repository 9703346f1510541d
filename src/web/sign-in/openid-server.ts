import * as oauth from 'oauth4webapi';
import * as z from 'zod';
import type { Provider } from '../../kernel/model/provider-shapes.ts';
import type { ProviderWithSecret } from '../../record/providers.ts';
import { askProvider } from './ask-provider.ts';
import { clockTolerance, providerRefused } from './faults.ts';
import { plainText } from './told.ts';

const names = z.array(z.string()).optional();

/** What Volt itself reads of a provider's words about itself; the library checks what it reads. */
function description(protocol: RegExp) {
  return z.object({
    authorization_endpoint: z.url({ protocol }),
    token_endpoint: z.url({ protocol }),
    // people sign in without it
    end_session_endpoint: z.url({ protocol }).optional().catch(undefined),
    token_endpoint_auth_methods_supported: names,
    response_types_supported: names,
    id_token_signing_alg_values_supported: names,
    scopes_supported: names,
    claims_supported: names,
    code_challenge_methods_supported: names,
  });
}

/** What a provider of OpenID Connect says about itself, with what signing in needs. */
export type Discovered = oauth.AuthorizationServer & { authorization_endpoint: string; token_endpoint: string };

/** How the library asks a provider. */
export interface RequestOptions {
  [oauth.customFetch]: typeof askProvider;
  [oauth.allowInsecureRequests]: boolean;
}

export function clientOf({ clientId }: ProviderWithSecret): oauth.Client {
  return { client_id: clientId, [oauth.clockTolerance]: clockTolerance };
}

/** An administrator has allowed http with the address of the provider; one with https never leads to http. */
export function requestOptions({ url }: Pick<Provider, 'url'>): RequestOptions {
  return {
    [oauth.customFetch]: askProvider,
    [oauth.allowInsecureRequests]: new URL(url).protocol === 'http:',
  };
}

/** How Volt proves to be the client: as the provider wants it, or as OpenID Connect Discovery 1.0, 3 has it. */
export function clientAuth({ clientSecret }: ProviderWithSecret, server: Discovered): oauth.ClientAuth {
  if (clientSecret === null) return oauth.None();
  const { token_endpoint_auth_methods_supported: methods = ['client_secret_basic'] } = server;
  return methods.includes('client_secret_basic')
    ? oauth.ClientSecretBasic(clientSecret)
    : oauth.ClientSecretPost(clientSecret);
}

/** Fetches what a provider says about itself. @throws VoltError `provider_unreachable`, `provider_refused` */
export async function discover(of: Provider): Promise<Discovered> {
  const { url } = of;
  const issuer = new URL(url);
  const response = await oauth.discoveryRequest(issuer, requestOptions(of));
  const { status } = response;
  const page = `${url.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const server = await oauth.processDiscoveryResponse(issuer, response.clone()).catch(async (error: unknown) => {
    const { issuer: own } = Object(await response.json().catch(() => ({}))) as { issuer?: unknown };
    const name = plainText(own, 200);
    if (status === 200 && name !== undefined) {
      const remedy = 'Remove the provider, and add it with that address.';
      throw providerRefused(of, `calls itself ${name}, and not ${url}`, remedy, error);
    }
    const what = `answers ${status} without a description of itself at ${page}`;
    throw providerRefused(of, what, 'Give the issuer of the provider as its address.', error);
  });
  const read = description(issuer.protocol === 'http:' ? /^https?$/ : /^https$/).safeParse(server);
  if (read.success) {
    const { authorization_endpoint, token_endpoint, end_session_endpoint } = read.data;
    const { end_session_endpoint: _, ...others } = server;
    const end = end_session_endpoint === undefined ? {} : { end_session_endpoint };
    return { ...others, authorization_endpoint, token_endpoint, ...end };
  }
  const wrong = read.error.issues[0]?.path[0] ?? 'it';
  throw providerRefused(of, `describes itself without a usable ${String(wrong)}`, `See ${page}.`, read.error);
}
