import type { ProviderWithSecret } from '../../record/providers.ts';
import { ForgeSignIn } from './forge-sign-in.ts';
import { OpenIdProvider } from './openid.ts';
import type { ProviderClient } from './provider-client.ts';

/** What talks to a provider. */
export function clientFor(of: ProviderWithSecret): ProviderClient {
  return of.kind === 'oidc' ? new OpenIdProvider(of) : new ForgeSignIn(of, of.kind);
}
