import type { Provider } from '../../kernel/model/provider-shapes.ts';
import { listProviders, providerWithSecret } from '../../record/providers.ts';
import { signInUrl } from '../access/sign-in-address.ts';
import type { Web } from '../services.ts';
import { clientFor } from '../sign-in/client-for.ts';
import { redirectUriOf } from '../sign-in/pending-sign-in.ts';

/** The address that a provider of that name must send browsers back to. @param origin of the request */
export function redirectUriFor(
  { hosts, guard: { privateHost } }: Pick<Web, 'hosts' | 'guard'>,
  origin: string,
  provider: string,
): string {
  const { port, protocol } = new URL(origin);
  const address = signInUrl({ hosts, privateHost }, port || (protocol === 'https:' ? 443 : 80));
  return redirectUriOf({ origin: new URL(address).origin, provider });
}

/** A provider with that address. */
export function withRedirectUri(web: Pick<Web, 'hosts' | 'guard'>, origin: string, provider: Provider) {
  return { ...provider, redirectUri: redirectUriFor(web, origin, provider.name) };
}

/** All providers, by name. @param origin of the request */
export async function shownProviders(web: Web, origin: string): Promise<(Provider & { redirectUri: string })[]> {
  return (await listProviders(web.database)).map((provider) => withRedirectUri(web, origin, provider));
}

/**
 * Asks a provider whether people can sign in there.
 * @param origin of the request
 * @throws VoltError `not_found`, `provider_unreachable`, `provider_refused`, errors of the key file
 */
export async function checkProvider(
  web: Web,
  origin: string,
  name: string,
): Promise<{ name: string; redirectUri: string; hints: string[] }> {
  const provider = await providerWithSecret(web.database, web.config, name);
  const { redirectUri } = withRedirectUri(web, origin, provider);
  return { name, redirectUri, hints: await clientFor(provider).check(redirectUri) };
}
