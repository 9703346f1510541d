import { readText } from './read-text.ts';

/**
 * The largest packet, in bytes, that the interface of the machine's default route takes, see proc_net(5). Networks of containers
 * must not have larger ones.
 * @param read gives the text of a file
 * @returns undefined where there is no default route, or it is not known
 */
export function routeMtu(read = readText): number | undefined {
  for (const line of (read('/proc/net/route') ?? '').split('\n').slice(1)) {
    const [device = '', destination, , , , , , mask] = line.split('\t').map((field) => field.trim());
    if (destination !== '00000000' || mask !== '00000000' || !/^[\w.@-]+$/.test(device)) continue;
    const mtu = Number(read(`/sys/class/net/${device}/mtu`));
    return Number.isSafeInteger(mtu) && mtu > 0 ? mtu : undefined;
  }
  return undefined;
}
