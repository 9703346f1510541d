import { networkInterfaces } from 'node:os';
import { readText } from './read-text.ts';

/** Flags of a route to the machine itself, see linux/ipv6_route.h: RTF_LOCAL and RTF_ANYCAST. */
const local = 0x8010_0000;

/**
 * All addresses of this machine, on all interfaces, as `address/bits`. From the kernel's routing table, since whole ranges may
 * belong to the machine, and interfaces that are down keep their addresses.
 */
export function machineAddresses(): string[] {
  const ipv4 = readText('/proc/net/fib_trie');
  if (ipv4 === undefined) return addressesOfInterfaces();
  return [...new Set([...localIn(ipv4), ...localIn6(readText('/proc/net/ipv6_route') ?? '')])];
}

/** @param trie the content of /proc/net/fib_trie: an address, and below it those with that prefix */
export function localIn(trie: string): string[] {
  const found: string[] = [];
  let address = '';
  for (const line of trie.split('\n')) {
    address = /\|-- ([\d.]+)/.exec(line)?.[1] ?? address;
    const bits = /^\s*\/(\d+) .*\bLOCAL\b/.exec(line)?.[1];
    if (bits !== undefined) found.push(`${address}/${bits}`);
  }
  return found;
}

/** @param routes the content of /proc/net/ipv6_route: destination, its bits, and eight further columns, hexadecimal */
export function localIn6(routes: string): string[] {
  return routes.split('\n').flatMap((line) => {
    const columns = line.trim().split(/\s+/);
    const [destination = '', bits = ''] = columns;
    if (((Number.parseInt(columns[8] ?? '0', 16) & local) | 0) === 0) return [];
    return `${destination.match(/.{4}/g)?.join(':')}/${Number.parseInt(bits, 16)}`;
  });
}

/**
 * The subnets that this machine reaches without a router, as `address/bits`. Without very large ones, with which tunnels cover the
 * whole internet.
 */
export function nearSubnets(): string[] {
  return [
    ...new Set([...nearIn(readText('/proc/net/route') ?? ''), ...nearIn6(readText('/proc/net/ipv6_route') ?? '')]),
  ];
}

/** The fewest bits of a subnet of a link, for IPv4 and IPv6. */
const [leastBits, leastBits6] = [8, 16];
/** Flags of a route, see linux/route.h: RTF_UP; RTF_GATEWAY and RTF_REJECT. */
const [up, indirect] = [0x1, 0x202];

/** @param routes the content of /proc/net/route: hexadecimal numbers, addresses with the last byte first */
export function nearIn(routes: string): string[] {
  return routes.split('\n').flatMap((line) => {
    const [, destination = '', , flags = '', , , , mask = ''] = line.trim().split(/\s+/);
    const bits = (Number.parseInt(mask, 16) >>> 0).toString(2).replaceAll('0', '').length;
    if (!isNear(flags) || bits < leastBits) return [];
    const bytes = destination.match(/../g)?.reverse() ?? [];
    return `${bytes.map((byte) => Number.parseInt(byte, 16)).join('.')}/${bits}`;
  });
}

/** @param routes as for `localIn6` */
export function nearIn6(routes: string): string[] {
  return routes.split('\n').flatMap((line) => {
    const [destination = '', length = '', , , , , , , flags = ''] = line.trim().split(/\s+/);
    const bits = Number.parseInt(length, 16);
    if (!isNear(flags) || (Number.parseInt(flags, 16) & local) !== 0 || !(bits >= leastBits6)) return [];
    return `${destination.match(/.{4}/g)?.join(':')}/${bits}`;
  });
}

function isNear(flags: string): boolean {
  const value = Number.parseInt(flags, 16);
  return (value & up) !== 0 && (value & indirect) === 0;
}

/** For a kernel without such a table. */
function addressesOfInterfaces(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.map(({ address, family }) => `${address.split('%')[0]}/${family === 'IPv4' ? 32 : 128}`),
  );
}
