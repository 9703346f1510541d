import * as oauth from 'oauth4webapi';
import type { ToldIdentity } from '../../record/identities.ts';
import type { ProviderWithSecret } from '../../record/providers.ts';
import { authorizationUrl } from './authorization-url.ts';
import { faultOf } from './faults.ts';
import { checkOpenId } from './openid-check.ts';
import {
  clientAuth,
  clientOf,
  type Discovered,
  discover,
  type RequestOptions,
  requestOptions,
} from './openid-server.ts';
import type { AuthorizationRequest, ProviderClient } from './provider-client.ts';
import { identityFrom } from './told.ts';

type Claims = { readonly [claim: string]: unknown };

/**
 * A provider of OpenID Connect: authorization code flow with PKCE (OpenID Connect Core 1.0, RFC 7636, RFC 9207). Its description
 * and its keys are fetched at each sign-in, so that a key that it has just changed is known.
 */
export class OpenIdProvider implements ProviderClient {
  readonly #of: ProviderWithSecret;
  readonly #client: oauth.Client;
  readonly #options: RequestOptions;

  constructor(of: ProviderWithSecret) {
    this.#of = of;
    this.#client = clientOf(of);
    this.#options = requestOptions(of);
  }

  async begin(request: AuthorizationRequest): Promise<URL> {
    const { authorization_endpoint } = await discover(this.#of);
    const url = await authorizationUrl(authorization_endpoint, this.#of, request);
    url.searchParams.set('nonce', request.nonce);
    return url;
  }

  async finish(request: AuthorizationRequest, answer: URLSearchParams): Promise<ToldIdentity> {
    const server = await discover(this.#of);
    try {
      const parameters = oauth.validateAuthResponse(server, this.#client, answer, request.state);
      const claims = await this.#claims(server, request, parameters);
      return this.#identity(claims);
    } catch (error) {
      throw faultOf(this.#of, error);
    }
  }

  /** What the ID token tells, and the user info endpoint of what the token lacks. */
  async #claims(
    server: Discovered,
    request: AuthorizationRequest,
    parameters: URLSearchParams,
  ): Promise<Claims & { sub: string }> {
    const response = await oauth.authorizationCodeGrantRequest(
      ...([
        server,
        this.#client,
        clientAuth(this.#of, server),
        parameters,
        request.redirectUri,
        request.verifier,
      ] as const),
      this.#options,
    );
    const tokens = await oauth.processAuthorizationCodeResponse(server, this.#client, response, {
      expectedNonce: request.nonce,
      requireIdToken: true,
    });
    await oauth.validateApplicationLevelSignature(server, response, this.#options);
    const claims = oauth.getValidatedIdTokenClaims(tokens);
    if (!claims) throw new Error('an ID token without claims');
    const wanted = ['name', 'preferred_username', 'email', 'email_verified', this.#of.groupsClaim ?? 'sub'];
    if (!server.userinfo_endpoint || wanted.every((claim) => claim in claims)) return claims;
    const { access_token: token } = tokens;
    const info = await oauth.userInfoRequest(server, this.#client, token, this.#options);
    return { ...(await oauth.processUserInfoResponse(server, this.#client, claims.sub, info)), ...claims };
  }

  #identity(claims: Claims & { sub: string }): ToldIdentity {
    // the address of the provider, since its own spelling of the issuer may have a slash at its end, or none
    const { name: provider, url: issuer, groupsClaim } = this.#of;
    const { sub, preferred_username: user, nickname, name, email, email_verified: isVerified } = claims;
    const groups = groupsClaim === null ? [] : claims[groupsClaim];
    return identityFrom(
      { provider, issuer },
      {
        ...{ subject: sub, login: user ?? nickname ?? email ?? name, displayName: name ?? user },
        groups: Array.isArray(groups) ? groups : [groups],
        // some providers send this claim as a text
        addresses: isVerified === true || isVerified === 'true' ? [email] : [],
      },
    );
  }

  check(redirectUri: string): Promise<string[]> {
    return checkOpenId(this.#of, redirectUri);
  }
}
