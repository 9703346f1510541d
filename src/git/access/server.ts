import { isAbsolute } from 'node:path';

/** Where the server of a URL listens. */
export interface Server {
  scheme: string;
  /** lower case; an address without brackets, as libcurl understands it */
  host: string;
  port: number;
}

const ports: Readonly<Record<string, number>> = { http: 80, https: 443, ssh: 22, git: 9418 };

/** @returns undefined for a path, and for a URL without a server */
export function serverOf(url: string): Server | undefined {
  if (isAbsolute(url)) return undefined;
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    const host = /^(?:[^@/]*@)?([^/:]+):/.exec(url)?.[1];
    return host === undefined ? undefined : { scheme: 'ssh', host: plain(host), port: 22 };
  }
  try {
    const { hostname, port } = new URL(url);
    const usual = ports[scheme];
    if (hostname === '' || usual === undefined) return undefined;
    return { scheme, host: plain(hostname), port: port === '' ? usual : Number(port) };
  } catch {
    return undefined;
  }
}

/** Whether both have the same host and port, with any protocol. */
export function isSameServer(one: Server | undefined, other: Server | undefined): boolean {
  return one !== undefined && one.host === other?.host && one.port === other.port;
}

/** Whether both are the same server, or one host by https and ssh at their usual ports, which serve the same repositories. */
export function isSameHost(one: Server, other: Server | undefined): boolean {
  const isUsual = ({ port }: Server) => port === ports.https || port === ports.ssh;
  return isSameServer(one, other) || (other?.host === one.host && isUsual(one) && isUsual(other));
}

/** The URL in the form that every program reads the same: `http://0x7f.1/` is `http://127.0.0.1/`. */
export function canonicalUrl(url: string): string {
  return /^https?:\/\//i.test(url) ? new URL(url).href : url;
}

function plain(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
}
