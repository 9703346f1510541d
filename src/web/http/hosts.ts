import { isIP } from 'node:net';
import { VoltError } from '../../kernel/errors.ts';

export interface OwnHosts {
  /** address that the server listens on */
  bound: string;
  /** name of this machine */
  machine: string;
  /** address under which people reach Volt, for example that of a proxy in front */
  url: string | undefined;
}

/**
 * Whether a request's Host header names this server. A page of another site can point its own name at this machine's
 * address to read what Volt answers to local users (DNS rebinding); the Host header then has that name.
 */
export function isOwnHost(header: string | undefined, own: OwnHosts): boolean {
  const host = nameIn(header);
  if (host === undefined) return false;
  if (isLoopbackName(host)) return true;
  const kind = isIP(host);
  if (host === own.bound.toLowerCase() || host === own.machine.toLowerCase()) return true;
  if (own.url !== undefined && host === nameIn(new URL(own.url).host)) return true;
  // nobody can point an IP address elsewhere
  return kind !== 0 && (own.bound === '0.0.0.0' || own.bound === '::');
}

export function foreignHost(header: string | undefined): VoltError {
  return new VoltError('foreign_host', `this server is not "${(header ?? '').slice(0, 100)}"`, {
    remedy: 'Use the address that Volt printed. Behind a proxy with a name of its own, set VOLT_URL to that address.',
  });
}

/** Whether a name or address is the loopback of every machine. */
export function isLoopbackName(host: string | undefined): boolean {
  if (host === undefined) return false;
  if (host === 'localhost' || host.endsWith('.localhost') || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

/** Whether VOLT_URL names more than this machine's loopback: then people come through a proxy or the network. */
export function isElsewhere(url: string | undefined): url is string {
  return url !== undefined && !isLoopbackName(nameIn(new URL(url).host));
}

/** The name or address in a Host header, without port, brackets and a trailing dot. */
export function nameIn(header: string | undefined): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^\s:[\]/@]+?)\.?)(?::\d{1,5})?$/i.exec(header ?? '');
  return (match?.[1] ?? match?.[2])?.toLowerCase();
}
