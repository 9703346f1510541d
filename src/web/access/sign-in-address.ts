import { urlOf } from '../http/addresses.ts';
import { isElsewhere, isLoopbackName, nameIn, type OwnHosts } from '../http/hosts.ts';

/**
 * Where browsers sign in. A cookie belongs to a host name, whatever the port. So a program that listens on any port of
 * 127.0.0.1 or localhost, such as a job, gets the cookies of everybody who opens its page. Browsers therefore sign in at a
 * name below `localhost` that only the person who runs Volt knows, or at VOLT_URL.
 */
export interface SignInAddress {
  hosts: OwnHosts;
  /** the secret name below `localhost`, see Guard */
  privateHost: string;
}

/** @param origin of the request, as the browser shows it */
export function maySignInAt(origin: string, { hosts, privateHost }: SignInAddress): boolean {
  const host = origin.replace(/^https?:\/\//, '');
  const name = nameIn(host);
  if (name === privateHost) return true;
  if (isElsewhere(hosts.url)) return host === new URL(hosts.url).host;
  return !isLoopbackName(name);
}

/**
 * The address to sign in at.
 * @param port that the browser connects to
 */
export function signInUrl({ hosts, privateHost }: SignInAddress, port: number | string): string {
  if (isElsewhere(hosts.url)) return new URL('/sign-in', hosts.url).href;
  const everywhere = hosts.bound === '0.0.0.0' || hosts.bound === '::';
  const base =
    everywhere || isLoopbackName(hosts.bound) ? `http://${privateHost}:${port}` : urlOf(hosts.bound, Number(port));
  return `${base}/sign-in`;
}

/**
 * The address of Volt for pages of others, without a slash at its end. It never has the name at which people sign in.
 * @param origin of the request, as the browser shows it
 */
export function addressForOthers(origin: string, { hosts, privateHost }: SignInAddress): string {
  if (isElsewhere(hosts.url)) return hosts.url.replace(/\/+$/, '');
  const { hostname, port } = new URL(origin);
  return hostname === privateHost ? urlOf('127.0.0.1', Number(port || 80)) : origin;
}
