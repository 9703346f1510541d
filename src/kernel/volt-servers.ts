import type { Config } from './config.ts';

/** What Volt itself speaks with, or is spoken with at. */
export interface VoltServer {
  /** a name or an address without brackets, lower case */
  host: string;
  /** whether it may be a server that everybody else uses as well, such as that of a large hoster */
  isShared: boolean;
}

/**
 * The servers of Volt that these settings name: Redis or its sentinels, PostgreSQL, and where people reach the dashboard. No
 * job may reach them, whatever network they are in.
 */
export function voltServers({
  redisUrl,
  databaseUrl,
  url,
}: Pick<Config, 'redisUrl' | 'databaseUrl' | 'url'>): VoltServer[] {
  const own = [redisUrl, databaseUrl].flatMap((each) => hostsOf(each ?? ''));
  return [
    ...own.map((host) => ({ host, isShared: false })),
    ...hostsOf(url ?? '').map((host) => ({ host, isShared: true })),
  ];
}

/** Hosts of a URL, of which sentinels have several; none of a socket or a file. */
function hostsOf(url: string): string[] {
  const [, servers = '', query = ''] = /^[a-z+]+:\/\/(?:[^/]*@)?([^/?#]*)[^?#]*(?:\?([^#]*))?/i.exec(url) ?? [];
  // PostgreSQL's may stand among the options, where a path is a socket
  const further = new URLSearchParams(query).get('host') ?? '';
  return [...servers.split(','), further].flatMap((each) => {
    const [, six, name = ''] = /^(?:\[([0-9a-f:.]+)\]|([^:/]*))(?::\d*)?$/i.exec(each) ?? [];
    return (six ?? name).toLowerCase() || [];
  });
}
