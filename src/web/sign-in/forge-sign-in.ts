import * as oauth from 'oauth4webapi';
import { apiAddress } from '../../kernel/forge-kinds.ts';
import type { ToldIdentity } from '../../record/identities.ts';
import type { ProviderWithSecret } from '../../record/providers.ts';
import { parseJson } from '../../system/parse-json.ts';
import { askProvider } from './ask-provider.ts';
import { authorizationUrl } from './authorization-url.ts';
import { faultOf, isAboutCode, providerRefused, tokenFault } from './faults.ts';
import { forgeApis } from './forge-apis.ts';
import { clientOf, requestOptions } from './openid-server.ts';
import type { AuthorizationRequest, ProviderClient } from './provider-client.ts';
import { identityFrom } from './told.ts';

/** The most pages of a list that are read. */
const mostPages = 10;

/**
 * A forge where people sign in by OAuth 2.0: GitHub, Gitea and Forgejo, which have the same paths. The identity is the number of the
 * account: names of accounts can change, and others get them then.
 */
export class ForgeSignIn implements ProviderClient {
  readonly #of: ProviderWithSecret;
  readonly #kind: keyof typeof forgeApis;
  readonly #client: oauth.Client;
  readonly #server: { issuer: string; authorization_endpoint: string; token_endpoint: string };
  readonly #api: string;

  constructor(of: ProviderWithSecret, kind: keyof typeof forgeApis) {
    this.#of = of;
    this.#kind = kind;
    this.#client = clientOf(of);
    this.#server = {
      issuer: of.url,
      authorization_endpoint: `${of.url}/login/oauth/authorize`,
      token_endpoint: `${of.url}/login/oauth/access_token`,
    };
    this.#api = apiAddress(kind, of.url) ?? of.url;
  }

  begin(request: AuthorizationRequest): Promise<URL> {
    return authorizationUrl(this.#server.authorization_endpoint, this.#of, request);
  }

  async finish(request: AuthorizationRequest, answer: URLSearchParams): Promise<ToldIdentity> {
    const { name: provider, url: issuer } = this.#of;
    try {
      const token = await this.#token(request, answer);
      return identityFrom({ provider, issuer }, await forgeApis[this.#kind].whoIs((path) => this.#get(path, token)));
    } catch (error) {
      throw faultOf(this.#of, error);
    }
  }

  async #token(request: AuthorizationRequest, answer: URLSearchParams): Promise<string> {
    // there is no issuer to compare it with; each provider has a redirect address of its own, which tells it from others
    answer.delete('iss');
    const parameters = oauth.validateAuthResponse(this.#server, this.#client, answer, request.state);
    const response = await this.#exchange(parameters, request);
    // GitHub answers errors with the status 200
    const { error, error_description } = fieldsOf(await response.clone().text());
    if (error !== undefined) throw tokenFault(this.#of, error, error_description);
    return (await oauth.processAuthorizationCodeResponse(this.#server, this.#client, response)).access_token;
  }

  #exchange(
    parameters: URLSearchParams,
    { redirectUri, verifier }: Pick<AuthorizationRequest, 'redirectUri' | 'verifier'>,
  ) {
    const { clientSecret } = this.#of;
    const auth = clientSecret === null ? oauth.None() : oauth.ClientSecretPost(clientSecret);
    return oauth.authorizationCodeGrantRequest(
      ...([this.#server, this.#client, auth, parameters, redirectUri, verifier] as const),
      requestOptions(this.#of),
    );
  }

  /** A value or a whole list of the API. */
  async #get(path: string, token: string): Promise<unknown> {
    const entries: unknown[] = [];
    for (let page = 1; page <= mostPages; page++) {
      const url = `${this.#api}${path}?${forgeApis[this.#kind].pageQuery}&page=${page}`;
      const headers = { accept: 'application/json', authorization: `Bearer ${token}` };
      const answer = await askProvider(url, { method: 'GET', headers, body: null });
      const json = parseJson(await answer.text());
      if (answer.status !== 200 || typeof json !== 'object') {
        const what = `answers ${answer.status} to ${path} of its API`;
        throw providerRefused(this.#of, what, 'Check that Volt may read your account and its teams there.');
      }
      if (!Array.isArray(json)) return json;
      entries.push(...json);
      if (!answer.headers.get('link')?.includes('rel="next"')) break;
    }
    return entries;
  }

  /** A code that no forge has given is refused, and the error tells whether client and redirect address are accepted. */
  async check(redirectUri: string): Promise<string[]> {
    const made = new URLSearchParams({ code: 'volt-checks-the-client' });
    const parameters = oauth.validateAuthResponse(this.#server, this.#client, made, oauth.expectNoState);
    const answer = await this.#exchange(parameters, { redirectUri, verifier: oauth.generateRandomCodeVerifier() });
    const { error, error_description } = fieldsOf(await answer.text());
    if (typeof error !== 'string') {
      const what = `does not answer as ${this.#kind} does at ${this.#server.token_endpoint}`;
      throw providerRefused(this.#of, what, 'Remove the provider, and add it with its right kind and address.');
    }
    if (isAboutCode(error) || error_description === forgeApis[this.#kind].unknownCode) return [];
    throw tokenFault(this.#of, error, error_description);
  }
}

function fieldsOf(json: string): { readonly [name: string]: unknown } {
  return Object(parseJson(json)) as { [name: string]: unknown };
}
