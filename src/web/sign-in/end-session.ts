import type { Provider } from '../../kernel/model/provider-shapes.ts';
import { within } from '../../system/wait.ts';
import { discover } from './openid-server.ts';

/** Milliseconds that somebody who has signed out waits for what the provider says about itself. */
const patience = 3000;

/**
 * Where a person who has signed out of Volt ends their session at the provider, too: OpenID Connect RP-Initiated Logout 1.0, 2. The
 * address has the client id alone. The standard recommends an ID token as a hint, but Volt would have to keep everybody's ID tokens for
 * that; without one a provider asks the person. Nor does Volt ask to be sent back to: a provider shows an error, and ends no session,
 * where that address is not registered. The person stays at the provider's own page, so nobody can use this to lead them elsewhere.
 * @returns undefined if the provider has no such address, or does not answer in time
 */
export async function endSessionUrl(provider: Provider): Promise<URL | undefined> {
  if (provider.kind !== 'oidc') return undefined;
  const server = await within(
    discover(provider).catch(() => undefined),
    patience,
  );
  if (server?.end_session_endpoint === undefined) return undefined;
  const url = new URL(server.end_session_endpoint);
  url.searchParams.set('client_id', provider.clientId);
  return url;
}
