import type { Context } from 'hono';
import { VoltError } from '../../kernel/errors.ts';
import { groupNames } from '../../kernel/group-names.ts';
import { isMailAddress } from '../../kernel/mail-address.ts';
import { isWithin, type ProxyHeaders, type SignInProxy } from '../../kernel/proxy-sign-in.ts';
import type { ToldIdentity } from '../../record/identities.ts';
import type { WebEnv } from './env.ts';

/** The most characters of a name, or of a user. */
const longest = 255;

/**
 * Takes the headers in which a proxy tells who a person is out of a request, so that nothing else sees them. They count if the
 * address of the connection is that of a proxy; what the request says about addresses does not matter.
 * @returns undefined if the request comes from elsewhere, or the proxy names nobody
 * @throws VoltError `bad_request` if the proxy sends a header twice, what cannot be the name of a user, or too many groups
 */
export function takeProxyIdentity(context: Context<WebEnv>, proxy: SignInProxy): ToldIdentity | undefined {
  const { headers } = proxy;
  const { incoming } = context.env;
  const isProxy = isWithin(proxy.networks, incoming.socket.remoteAddress ?? '');
  const values = new Map<string, string>();
  for (const name of namesOf(headers)) {
    const value = context.req.header(name);
    context.req.raw.headers.delete(name);
    if (!isProxy || value === undefined) continue;
    if (countOf(name, incoming.rawHeaders) > 1) throw unusable(name, 'twice, so it passes on what its clients send');
    values.set(name, value);
  }
  const sent = (name: string | undefined) => (name === undefined ? '' : (values.get(name) ?? '').trim());
  if (sent(headers.user) === '') return undefined;
  const user = readable(headers.user, sent(headers.user));
  const groups = sent(headers.groups)
    .split(headers.separator)
    .map((group) => decoded(group.trim()));
  const address = textOf(sent(headers.email));
  return {
    ...{ provider: proxy.name, issuer: `proxy:${proxy.name}`, subject: user, login: user },
    displayName: textOf(sent(headers.name)) ?? user,
    groups: groupNames(groups, (how) => unusable(headers.groups ?? '', `with ${how}`)),
    // the proxy answers for it
    addresses: address !== undefined && isMailAddress(address) ? [address] : [],
  };
}

function namesOf({ user, groups, name, email }: ProxyHeaders): string[] {
  return [user, groups, name, email].filter((header) => header !== undefined);
}

function countOf(name: string, rawHeaders: readonly string[]): number {
  return rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === name).length;
}

/** @throws VoltError `bad_request` */
function readable(header: string, value: string): string {
  const text = textOf(value);
  if (text === undefined)
    throw unusable(header, `with a value that is not a name of at most ${longest} characters in UTF-8`);
  return text;
}

/** @returns undefined if it is empty, too long, not UTF-8, or has control or invisible characters */
function textOf(value: string): string | undefined {
  const text = decoded(value);
  return !text || text.length > longest || /\p{C}|\p{Zl}|\p{Zp}/u.test(text) ? undefined : text;
}

/**
 * The text of a header's value: Node reads each byte as one character, proxies send UTF-8.
 * @returns undefined if it is not UTF-8
 */
function decoded(value: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(value, 'latin1'));
  } catch {
    return undefined;
  }
}

function unusable(header: string, how: string): VoltError {
  return new VoltError('bad_request', `the proxy in front of Volt sends the header ${header} ${how}`, {
    remedy: 'Configure the proxy to set this header itself and to remove what clients send; see docs/proxy-sign-in.md.',
  });
}
