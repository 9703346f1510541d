import type { ToldIdentity } from '../../record/identities.ts';

/** What Volt sends the browser to a provider with, and expects back. State, nonce and verifier are random. */
export interface AuthorizationRequest {
  /** where the provider sends the browser back to */
  redirectUri: string;
  /** binds the answer to this browser (RFC 6749, 10.12) */
  state: string;
  /** binds the ID token to this sign-in (OpenID Connect Core 1.0, 3.1.2.1) */
  nonce: string;
  /** binds the code to this sign-in; only its hash leaves Volt before (PKCE, RFC 7636) */
  verifier: string;
}

/** What signing in needs of each kind of provider. */
export interface ProviderClient {
  /** The address at the provider to which the browser goes. @throws VoltError `provider_unreachable`, `provider_refused` */
  begin(request: AuthorizationRequest): Promise<URL>;
  /**
   * Who has come back.
   * @param answer the query of the address to which the provider has sent the browser
   * @throws VoltError `provider_unreachable`, `provider_refused`, `sign_in_expired`, `sign_in_refused`
   */
  finish(request: AuthorizationRequest, answer: URLSearchParams): Promise<ToldIdentity>;
  /**
   * Asks the provider whether people can sign in there.
   * @returns what an administrator may want to know besides, in sentences
   * @throws VoltError `provider_unreachable`, `provider_refused`
   */
  check(redirectUri: string): Promise<string[]>;
}
