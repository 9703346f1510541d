import { isIP } from 'node:net';
import type { Context } from 'hono';
import { isWithin, type SignInProxy } from '../../kernel/proxy-sign-in.ts';
import { isElsewhere, isLoopbackName, nameIn, type OwnHosts } from '../http/hosts.ts';
import type { RequestSource, WebEnv } from './env.ts';

/** Headers of a proxy that forwards a request. */
const forwardingHeaders = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via'];

/**
 * If VOLT_URL says that there is a proxy, the sender is the last entry of its X-Forwarded-For, and no request counts as local:
 * many proxies forward without such headers, and all their requests come from this machine. Without VOLT_URL, a proxy that adds
 * no header is recognized by HTTP/1.0, the default of nginx; browsers and Volt's own commands do not use it.
 * @param proxy the one that signs people in, on this machine or another
 */
export function requestSourceOf(context: Context<WebEnv>, hosts: OwnHosts, proxy?: SignInProxy): RequestSource {
  const { incoming } = context.env;
  const socket = incoming.socket.remoteAddress ?? '';
  const host = context.req.header('host') ?? '';
  const fromLoopback = isLoopback(socket);
  const hasProxy = isElsewhere(hosts.url);
  const signsIn = proxy !== undefined && isWithin(proxy.networks, socket);
  const byProxy = hasProxy && (fromLoopback || signsIn);
  const served = byProxy ? (context.req.header('x-forwarded-for')?.split(',').at(-1)?.trim() ?? '') : '';
  const isForwarded =
    incoming.httpVersion === '1.0' || forwardingHeaders.some((header) => context.req.header(header) !== undefined);
  const overTls = (byProxy && context.req.header('x-forwarded-proto') === 'https') || isAtTlsUrl(host, hosts.url);
  return {
    address: isIP(served) === 0 ? socket : served,
    local: fromLoopback && !hasProxy && !signsIn && !isForwarded && isLoopbackName(nameIn(host)),
    origin: `${overTls ? 'https' : 'http'}://${host.toLowerCase()}`,
  };
}

/** Whether VOLT_URL is an https address and the request was sent to its host. */
function isAtTlsUrl(host: string, url: string | undefined): boolean {
  if (url === undefined) return false;
  const own = new URL(url);
  return own.protocol === 'https:' && host.toLowerCase() === own.host;
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}
