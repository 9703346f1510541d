import { urlOf } from '../http/addresses.ts';
import { isElsewhere, isLoopbackName, nameIn, type OwnHosts } from '../http/hosts.ts';

/**
 * Where browsers sign in. A cookie belongs to a host name, whatever the port, so every program that listens on a port of
 * 127.0.0.1 or localhost is sent the cookies of whoever opens its page: any job could be one. So nobody signs in at names
 * that everybody knows, but at a name below `localhost` that only who runs Volt is told, or at the address that VOLT_URL
 * names.
 */
export interface SignInAddress {
  hosts: OwnHosts;
  /** the name below `localhost`, see Guard */
  privateHost: string;
}

/** @param origin of the request, as a browser has it */
export function maySignInAt(origin: string, { hosts, privateHost }: SignInAddress): boolean {
  const host = origin.replace(/^https?:\/\//, '');
  const name = nameIn(host);
  if (name === privateHost) return true;
  if (isElsewhere(hosts.url)) return host === new URL(hosts.url).host;
  return !isLoopbackName(name);
}

/**
 * The address to sign in at.
 * @param port as the browser sees it
 */
export function signInUrl({ hosts, privateHost }: SignInAddress, port: number | string): string {
  if (isElsewhere(hosts.url)) return new URL('/sign-in', hosts.url).href;
  const everywhere = hosts.bound === '0.0.0.0' || hosts.bound === '::';
  const base =
    everywhere || isLoopbackName(hosts.bound) ? `http://${privateHost}:${port}` : urlOf(hosts.bound, Number(port));
  return `${base}/sign-in`;
}
