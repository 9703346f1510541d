import { isIP } from 'node:net';
import type { Context } from 'hono';
import { isElsewhere, isLoopbackName, nameIn, type OwnHosts } from '../http/hosts.ts';
import type { RequestSource, WebEnv } from './env.ts';

/** Headers by which a proxy says that it passes on somebody else's request. */
const passedOn = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via'];

/**
 * A proxy is believed about whom it serves where VOLT_URL says that there is one, and only its own word: the last entry of
 * X-Forwarded-For. Then nobody counts as being on this machine: many proxies pass requests on without a header that would
 * tell, and all come from this machine then. Without VOLT_URL a proxy that says nothing is known by HTTP/1.0, which nginx
 * speaks unless it is told otherwise, and neither browsers nor Volt's own commands do.
 */
export function requestSourceOf(context: Context<WebEnv>, hosts: OwnHosts): RequestSource {
  const { incoming } = context.env;
  const socket = incoming.socket.remoteAddress ?? '';
  const host = context.req.header('host') ?? '';
  const fromLoopback = isLoopback(socket);
  const hasProxy = isElsewhere(hosts.url);
  const byProxy = hasProxy && fromLoopback;
  const served = byProxy ? (context.req.header('x-forwarded-for')?.split(',').at(-1)?.trim() ?? '') : '';
  const isPassedOn =
    incoming.httpVersion === '1.0' || passedOn.some((header) => context.req.header(header) !== undefined);
  const overTls = (byProxy && context.req.header('x-forwarded-proto') === 'https') || isAtTlsUrl(host, hosts.url);
  return {
    address: isIP(served) === 0 ? socket : served,
    local: fromLoopback && !hasProxy && !isPassedOn && isLoopbackName(nameIn(host)),
    origin: `${overTls ? 'https' : 'http'}://${host.toLowerCase()}`,
  };
}

/** Whether the address that people use is one of https and the request was sent there. */
function isAtTlsUrl(host: string, url: string | undefined): boolean {
  if (url === undefined) return false;
  const own = new URL(url);
  return own.protocol === 'https:' && host.toLowerCase() === own.host;
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}
