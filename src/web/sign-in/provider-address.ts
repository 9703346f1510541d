import { VoltError } from '../../kernel/errors.ts';
import { type ProviderKind, providerKinds } from '../../kernel/provider-kinds.ts';
import { hideCredentials } from '../../kernel/urls.ts';
import { isLoopbackName, nameIn } from '../http/hosts.ts';

/** OpenID Connect Discovery 1.0, 4; people copy this address from the pages of their provider. */
const discoveryPath = '/.well-known/openid-configuration';

/**
 * The address of a provider as it is kept. An issuer keeps a slash at its end, which is part of it. Without TLS, whoever can change
 * what the network carries signs in as anybody, so http needs to be allowed, except on this machine.
 * @throws VoltError `bad_url`
 */
export function providerAddress(kind: ProviderKind, given: string | undefined, allowHttp: boolean): string {
  const { title, usual } = providerKinds[kind];
  const text = given ?? usual;
  if (text === undefined) {
    throw bad(`${title} has no usual address`, 'Give the address of the provider, for example https://id.example.org');
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '' || url.hash !== '') {
    throw bad(
      `"${hideCredentials(text).slice(0, 200)}" is not the address of a provider`,
      'Give an https address without a user name, a query and a fragment',
    );
  }
  if (url.protocol === 'http:' && !allowHttp && !isLoopbackName(nameIn(url.host))) {
    throw bad(
      `${url.host} is not asked over https: whoever can change what the network carries could sign in as anybody`,
      'Give an https address, or allow http if you trust the network: --allow-http',
    );
  }
  const path = url.pathname.endsWith(discoveryPath) ? url.pathname.slice(0, -discoveryPath.length) : url.pathname;
  return kind === 'oidc' ? url.origin + (path === '/' ? '' : path) : url.origin + path.replace(/\/+$/, '');
}

function bad(message: string, remedy: string): VoltError {
  return new VoltError('bad_url', message, { remedy: `${remedy}.` });
}
