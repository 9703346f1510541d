import type { Config } from './config.ts';

/** A server that Volt uses, or at which Volt is reached. */
export interface VoltServer {
  /** a name or an address without brackets, lower case */
  host: string;
  /** whether others may use the same server, such as that of a large hoster */
  isShared: boolean;
}

/**
 * The servers of Volt in the settings: Redis or its sentinels, PostgreSQL, and the address of the dashboard. No job may reach them,
 * in any network.
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

/** Hosts of a URL: several for sentinels, none for a socket or a file. */
function hostsOf(url: string): string[] {
  const [, servers = '', query = ''] = /^[a-z+]+:\/\/(?:[^/]*@)?([^/?#]*)[^?#]*(?:\?([^#]*))?/i.exec(url) ?? [];
  // PostgreSQL's host may be an option, where a path means a socket
  const further = new URLSearchParams(query).get('host') ?? '';
  return [...servers.split(','), further].flatMap((each) => {
    const [, six, name = ''] = /^(?:\[([0-9a-f:.]+)\]|([^:/]*))(?::\d*)?$/i.exec(each) ?? [];
    return (six ?? name).toLowerCase() || [];
  });
}
