import { readText } from './read-text.ts';

/**
 * The largest packet, in bytes, that the interface of the machine's default route takes, see proc_net(5). Networks of containers
 * must not have larger ones.
 * @returns undefined where there is no default route, or it is not known
 */
export function routeMtu(): number | undefined {
  for (const line of (readText('/proc/net/route') ?? '').split('\n').slice(1)) {
    const [device = '', destination, , , , , , mask] = line.split('\t').map((field) => field.trim());
    if (destination !== '00000000' || mask !== '00000000' || !/^[\w.@-]+$/.test(device)) continue;
    const mtu = Number(readText(`/sys/class/net/${device}/mtu`));
    return Number.isSafeInteger(mtu) && mtu > 0 ? mtu : undefined;
  }
  return undefined;
}
